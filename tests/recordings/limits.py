"""Records what Python's `limits` 5.8.0 decides, with its storage in memory under a fake clock.

    pip install limits==5.8.0
    python limits.py SEED SCRIPTS STEPS > ../data/policies/limits-windows.jsonl

Times are binary fractions, so that its floating point is exact, and begin at a whole multiple of the window: before the
first window `limits` takes that for its own predecessor.
"""

import json
import random
import sys
import types

# This file is called like the package.
sys.path = [path for path in sys.path if path not in ("", sys.path[0])]
import limits.storage.memory as memory  # noqa: E402
from limits import RateLimitItemPerSecond, strategies  # noqa: E402

now = 0.0
memory.time = types.SimpleNamespace(time=lambda: now)
# What is over is taken out when it is asked about; no timer does it.
memory.MemoryStorage._MemoryStorage__schedule_expiry = lambda self: None

KINDS = [
    (strategies.FixedWindowRateLimiter, "window_limit({}, starts: first_call)"),
    (strategies.MovingWindowRateLimiter, "sliding_limit({})"),
    (strategies.SlidingWindowCounterRateLimiter, "sliding_limit({}, count: weighted)"),
]


def script(draw, number, steps):
    global now
    limiter, policy = KINDS[number % len(KINDS)]
    limit, window = draw.choice([1, 2, 3, 5, 8]), draw.choice([1, 2, 5])
    now = start = 1024.0 * window
    limiter = limiter(memory.MemoryStorage())
    item = RateLimitItemPerSecond(limit, window)
    policy = policy.format(f'limit: {limit}, window: "{window}s"')
    print(json.dumps({"library": "limits", "version": "5.8.0", "policy": policy}))
    for call in range(steps):
        kind = draw.randrange(10)
        if kind < 6:
            now += draw.randrange(64) / 64 * window / limit
        elif kind < 8:
            now = (now // window + 1) * window
        elif kind == 8 and draw.randrange(4) == 0:
            now += window * draw.randrange(1, 4)
        now = int(now * 1024) / 1024
        hit = limiter.hit(item, "users")
        expect = {"permitted": hit, "at": "inside" if hit else "ended"}
        print(json.dumps({"t": now - start, "op": "acquire", "id": call, "expect": expect}))


if __name__ == "__main__":
    seed, scripts, steps = map(int, sys.argv[1:4])
    draw = random.Random(seed)
    for number in range(scripts):
        script(draw, number, steps)
