"""Records what pybreaker 1.4.1 and aiobreaker 1.2.0 decide on random scripts, under a fake clock.

    pip install pybreaker==1.4.1 aiobreaker==1.2.0
    python python_breakers.py LIBRARY SEED SCRIPTS STEPS > ../data/policies/LIBRARY-breaker.jsonl

LIBRARY is `pybreaker` or `aiobreaker`. Calls overlap: those of pybreaker by its `calling()`, those of aiobreaker by
asyncio. Times are whole milliseconds.
"""

import asyncio
import json
import random
import sys
from datetime import datetime, timedelta, timezone

START = datetime(2026, 1, 1, tzinfo=timezone.utc)


class Clock(datetime):
    """The clock of both libraries."""

    milliseconds = 0

    @classmethod
    def now(cls, tz=None):
        now = START + timedelta(milliseconds=cls.milliseconds)
        return now if tz else now.replace(tzinfo=None)

    @classmethod
    def utcnow(cls):
        return cls.now()


class Excluded(Exception):
    """What is excluded: `rejected`."""


class Pybreaker:
    """Calls of pybreaker, each in a `with` block."""

    def __init__(self, fail_max, wait, successes):
        import pybreaker

        pybreaker.datetime = Clock
        self.breaker = pybreaker.CircuitBreaker(
            fail_max=fail_max, reset_timeout=wait / 1000, success_threshold=successes, exclude=[Excluded]
        )
        self.refusal = pybreaker.CircuitBreakerError
        self.out = {}

    def acquire(self, call):
        block = self.breaker.calling()
        try:
            block.__enter__()
        except self.refusal:
            return False
        self.out[call] = block
        return True

    def result(self, call, error):
        block = self.out.pop(call)
        try:
            block.__exit__(type(error) if error else None, error, None)
        except BaseException:
            pass

    def give_up(self, call):
        self.result(call, KeyboardInterrupt())

    def state(self):
        return self.breaker.current_state.replace("-", "_")


class Aiobreaker:
    """Calls of aiobreaker, each a task."""

    def __init__(self, fail_max, wait, _):
        import aiobreaker
        import aiobreaker.circuitbreaker
        import aiobreaker.state

        aiobreaker.circuitbreaker.datetime = Clock
        aiobreaker.state.datetime = Clock
        self.loop = asyncio.new_event_loop()
        self.breaker = aiobreaker.CircuitBreaker(
            fail_max=fail_max, timeout_duration=timedelta(milliseconds=wait), exclude=[Excluded]
        )
        self.out = {}

    def run(self):
        for _ in range(5):
            self.loop.call_soon(self.loop.stop)
            self.loop.run_forever()

    def acquire(self, call):
        future = self.loop.create_future()

        async def inside():
            return await future

        task = self.loop.create_task(self.breaker.call_async(inside))
        task.add_done_callback(lambda task: task.cancelled() or task.exception())
        self.run()
        if task.done():
            return False
        self.out[call] = (task, future)
        return True

    def give_up(self, call):
        task, _ = self.out.pop(call)
        task.cancel()
        self.run()

    def result(self, call, error):
        _, future = self.out.pop(call)
        future.set_exception(error) if error else future.set_result(None)
        self.run()

    def state(self):
        return self.breaker.current_state.name.lower()


def preset(library, fail_max, wait, successes):
    if library == "pybreaker":
        fields = f"fail_max: {fail_max}, reset_timeout: {wait / 1000}, success_threshold: {successes}"
    else:
        fields = f'fail_max: {fail_max}, timeout_duration: "{wait}ms"'
    return f"{library}({fields}, exclude: [rejected])"


def main():
    library, seed, scripts, steps = sys.argv[1], *map(int, sys.argv[2:5])
    chance = random.Random(seed)
    version = {"pybreaker": "1.4.1", "aiobreaker": "1.2.0"}[library]
    for _ in range(scripts):
        fail_max, wait = chance.choice([1, 2, 3, 5]), chance.choice([50, 100, 1000])
        successes = chance.choice([1, 2, 3])
        policy = preset(library, fail_max, wait, successes)
        print(json.dumps({"library": library, "version": version, "policy": policy}))
        Clock.milliseconds = 0
        driven = {"pybreaker": Pybreaker, "aiobreaker": Aiobreaker}[library](fail_max, wait, successes)
        failing, number = chance.random(), 0
        for _ in range(steps):
            Clock.milliseconds += chance.choice([0, 0, 1, wait // 10, wait // 2, wait - 1, wait, wait])
            if chance.random() < 0.05:
                failing = chance.random()
            line = {"t": Clock.milliseconds / 1000}
            if driven.out and (chance.random() < 0.5 or len(driven.out) > 6):
                call = chance.choice(list(driven.out))
                if chance.random() < 0.05:
                    driven.give_up(call)
                    line |= {"op": "give_up", "id": call, "expect": {"state": driven.state()}}
                    print(json.dumps(line))
                    continue
                outcome = "ok"
                if chance.random() < failing:
                    outcome = chance.choice(["error", "timeout_attempt", "error", "rejected"])
                error = {"ok": None, "rejected": Excluded()}.get(outcome, ValueError())
                driven.result(call, error)
                line |= {"op": "result", "id": call, "outcome": outcome, "expect": {}}
            else:
                number += 1
                permitted = driven.acquire(number)
                line |= {"op": "acquire", "id": number, "expect": {"permitted": permitted}}
            line["expect"]["state"] = driven.state()
            print(json.dumps(line))
        while driven.out:
            driven.give_up(next(iter(driven.out)))


main()
