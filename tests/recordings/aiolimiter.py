"""Records when `aiolimiter` 1.3.0 lets calls in, on an event loop whose clock is set by hand.

    pip install aiolimiter==1.3.0
    python aiolimiter.py SEED SCRIPTS STEPS > ../data/policies/aiolimiter-leaky-bucket.jsonl
"""

import asyncio
import json
import random
import sys

# This file is called like the package.
sys.path = [path for path in sys.path if path not in ("", sys.path[0])]
from aiolimiter import AsyncLimiter  # noqa: E402


class Loop(asyncio.SelectorEventLoop):
    now = 0.0

    def time(self):
        return self.now


async def settle():
    for _ in range(30):
        await asyncio.sleep(0)


async def advance(loop, until):
    """Runs the timers one by one, each at its time."""
    await settle()
    while due := sorted(timer.when() for timer in loop._scheduled if not timer.cancelled()):
        if due[0] > until + 1e-12:
            break
        loop.now = max(loop.now, due[0])
        await settle()
    loop.now = max(loop.now, until)
    await settle()


async def script(draw, loop, steps):
    calls, period = draw.choice([1, 2, 4, 8]), draw.choice([1, 2, 4])
    start, t = loop.now, 0.0
    limiter = AsyncLimiter(calls, period)
    policy = f'rate_limit(rate: "{calls / period}/s", burst: {calls}, wait: "1000h")'
    print(json.dumps({"library": "aiolimiter", "version": "1.3.0", "policy": policy}))
    at, tasks = {}, []

    async def call(number):
        await limiter.acquire()
        at[number] = "inside"

    for step in range(steps):
        if draw.randrange(3):
            t += draw.randrange(64) / 64 * period / calls * 1.5
        await advance(loop, start + t)
        if at and draw.randrange(3) == 0:
            number = draw.choice(list(at))
            line = {"t": t, "op": "look", "id": number}
        else:
            number = step
            at[number] = "waiting"
            tasks.append(asyncio.ensure_future(call(number)))
            await settle()
            line = {"t": t, "op": "acquire", "id": number}
        print(json.dumps({**line, "expect": {"at": at[number]}}))
    for task in tasks:
        task.cancel()
    await settle()


async def record(loop, seed, scripts, steps):
    draw = random.Random(seed)
    for _ in range(scripts):
        await script(draw, loop, steps)
        loop.now = float(int(loop.now) + 1000)


if __name__ == "__main__":
    loop = Loop()
    loop.run_until_complete(record(loop, *map(int, sys.argv[1:4])))
