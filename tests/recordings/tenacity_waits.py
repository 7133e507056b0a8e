"""Records how long tenacity waits: wait_exponential, wait_incrementing, wait_fixed.

    pip install tenacity==9.2.1
    python tenacity_waits.py [SCRIPTS [SEED]] > ../data/policies/tenacity-waits.jsonl

No clock: each wait is asked for with the number of the attempt that has failed.
"""

import json
import random
import sys
from importlib.metadata import version

import tenacity
from tenacity import stop_after_attempt


class State:
    def __init__(self, attempt):
        self.attempt_number = attempt


def one(dice):
    """A wait, and how it is written here."""
    ms = lambda low, high: dice.randint(low, high) / 1000
    kind = dice.choice(["exponential", "exponential", "incrementing", "fixed"])
    if kind == "exponential":
        multiplier, most = ms(1, 4000), ms(500, 60000)
        base, least = dice.choice([2, 2, 3, 1.5, 10]), dice.choice([0, ms(1, 500)])
        wait = tenacity.wait_exponential(multiplier=multiplier, max=most, exp_base=base, min=least)
        written = f'exponential(base: "{multiplier}s", factor: {base}, cap: "{most}s", least: "{least}s", jitter: none)'
    elif kind == "incrementing":
        start, step, most = ms(0, 2000), ms(0, 1500), ms(500, 9000)
        wait = tenacity.wait_incrementing(start=start, increment=step, max=most)
        written = f'linear(base: "{start}s", step: "{step}s", cap: "{most}s", jitter: none)'
    else:
        span = ms(1, 3000)
        wait = tenacity.wait_fixed(span)
        written = f'constant(base: "{span}s", jitter: none)'
    return wait, written


def main():
    count, seed = (list(map(int, sys.argv[1:])) + [20, 1][len(sys.argv) - 1 :])[:2]
    dice = random.Random(seed)
    for _ in range(count):
        wait, written = one(dice)
        attempts = dice.randint(2, 12)
        stop = stop_after_attempt(attempts)
        head = {
            "library": "tenacity",
            "version": version("tenacity"),
            "policy": f"retry(attempts: {attempts}, backoff: {written})",
        }
        print(json.dumps(head))
        t = 0.0
        print(json.dumps({"t": t, "op": "acquire", "expect": {"at": "inside"}}))
        for attempt in range(1, attempts + 1):
            if stop(State(attempt)):
                expect = {"permitted": False, "at": "ended", "outcome": "error"}
                span = 0
            else:
                span = wait(State(attempt))
                expect = {"permitted": True}
                expect.update({"at": "waiting", "wait": round(span, 9)} if span else {"at": "inside"})
            print(json.dumps({"t": t, "op": "result", "outcome": "error", "expect": expect}))
            t = round(t + span + 1e-6, 6)


if __name__ == "__main__":
    main()
