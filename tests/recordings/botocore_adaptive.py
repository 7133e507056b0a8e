"""Records what the client-side rate limiter of botocore's `adaptive` mode decides, on a clock of ours.

    pip install botocore==1.44.8
    python tests/recordings/botocore_adaptive.py > tests/data/policies/botocore-adaptive.jsonl

Calls come one after the other; while one waits for its token, nothing else happens. Steps and seed may be given.
"""

import json
import random
import sys

import botocore
from botocore.retries import adaptive, bucket, throttling


class Clock:
    """Whole nanoseconds, so that a wait is as long as it is in a simulation."""

    now = 0

    def current_time(self):
        return self.now / 1e9

    def sleep(self, amount):
        # A nanosecond more than it takes: by then the token is there, however it is rounded.
        self.now += round(amount * 1e9) + 1


class Detector:
    def is_throttling_error(self, throttled):
        return throttled


def record(steps, seed):
    chance = random.Random(seed)
    clock = Clock()
    tokens = bucket.TokenBucket(max_rate=1, clock=clock)
    tokens._new_fill_rate_condition.wait = clock.sleep
    clocker = adaptive.RateClocker(clock)
    limiter = adaptive.ClientRateLimiter(
        throttling.CubicCalculator(starting_max_rate=0, start_time=clock.current_time()),
        clocker,
        tokens,
        Detector(),
        clock,
    )

    def line(expect, **said):
        print(json.dumps({"t": clock.now / 1e9, **said, "expect": expect}))

    out = []
    throttled_share = 0.0
    pause = 0.1
    for step in range(steps):
        if chance.random() < 0.05:
            throttled_share = chance.choice([0.0, 0.0, 0.1, 0.5, 1.0])
            pause = chance.choice([0.01, 0.1, 0.1, 0.5, 2.0])
        clock.now += round(chance.expovariate(1 / pause) * 1e9)
        if out and chance.random() < 0.5:
            call = out.pop(chance.randrange(len(out)))
            throttled = chance.random() < throttled_share
            limiter.on_receiving_response(throttled=throttled)
            numbers = {
                "rate": tokens.max_rate,
                "measured": clocker.measured_rate,
                "tokens": tokens.available_capacity,
            }
            outcome = "rejected" if throttled else chance.choice(["ok", "ok", "error"])
            expect = {"numbers": numbers, "state": "paces" if limiter._enabled else "open"}
            line(expect, op="result", id=call, outcome=outcome)
        else:
            began = clock.now
            limiter.on_sending_request(None)
            after, clock.now = clock.now, began
            expect = {"permitted": True}
            if after > began:
                expect["wait"] = (after - began) / 1e9
            line(expect, op="acquire", id=step)
            clock.now = after
            out.append(step)


if __name__ == "__main__":
    steps = int(sys.argv[1]) if len(sys.argv) > 1 else 400
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    head = {"library": "botocore", "version": botocore.__version__, "policy": "adaptive_rate"}
    print(json.dumps(head))
    record(steps, seed)
