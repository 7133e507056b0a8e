"""Records what the retries of botocore decide: its standard mode with its quota, and its legacy mode.

    pip install botocore==1.44.8        # or 1.40.0
    python botocore_retries.py SCRIPTS STEPS SEED       # 4 60 5, then 2 40 4; of 1.40.0: 3 60 3

No clock and no network: the handler of needs-retry is called with answers and exceptions that are made up, and a line
says what it makes of them. Waits are drawn, so a line has one only where they are sure: of DynamoDB in legacy mode, and
where the callee says when to come again.
"""

import json
import random
import sys

import botocore
from botocore import loaders, retryhandler, translate
from botocore.exceptions import (
    ConnectionClosedError,
    EndpointConnectionError,
    ReadTimeoutError,
)
from botocore.retries import quota, standard

IS_NEW = tuple(map(int, botocore.__version__.split(".")[:2])) >= (1, 44)
VERSION = "1.44" if IS_NEW else "1.40"


class Response:
    def __init__(self, status, headers):
        self.status_code, self.headers, self.content = status, headers, b""


class Service:
    service_name = "some"


class Operation:
    error_shapes, service_model, name = [], Service(), "Get"


def answer(outcome, status, retry_after):
    """What the handler is given for a result."""
    if outcome == "ok":
        status = 200
    if outcome in ("ok", "error"):
        headers = {}
        if retry_after is not None:
            headers["x-amz-retry-after"] = str(int(retry_after * 1000))
        return (Response(status, headers), {"ResponseMetadata": {}}), None
    url = "https://example.com"
    return None, {
        "timeout_attempt": ReadTimeoutError(endpoint_url=url),
        "refused": EndpointConnectionError(endpoint_url=url),
        "reset": ConnectionClosedError(endpoint_url=url),
    }[outcome]


class Standard:
    def __init__(self, attempts, service):
        self.quota = quota.RetryQuota()
        adapter = standard.RetryEventAdapter()
        conditions = standard.StandardRetryConditions(max_attempts=attempts)
        if IS_NEW:
            detector = standard.ThrottlingErrorDetector(adapter)
            self.checker = standard.RetryQuotaChecker(self.quota, detector)
            backoff = standard.ExponentialBackoff(
                service_name=service, throttling_detector=detector
            )
        else:
            self.checker = standard.RetryQuotaChecker(self.quota)
            backoff = standard.ExponentialBackoff()
        self.handler = standard.RetryHandler(
            standard.RetryPolicy(conditions, backoff), adapter, self.checker
        )

    def decide(self, call, response, exception):
        """The wait before the next attempt, or none."""
        wait = self.handler.needs_retry(
            response=response,
            attempts=call["attempts"],
            operation=Operation(),
            caught_exception=exception,
            request_dict={"context": call["context"]},
        )
        if wait is None:
            http = response[0] if response else None
            self.checker.release_retry_quota(call["context"], http)
        return wait

    def told(self):
        return {"1 retry_budget": {"numbers": {"tokens": self.quota.available_capacity}}}


class Legacy:
    def __init__(self, service):
        loader = loaders.Loader()
        model = loader.load_data("_retry")
        config = translate.build_retry_config(service, model["retry"], model["definitions"])
        self.handler = retryhandler.create_retry_handler(config, "Get")

    def decide(self, call, response, exception):
        try:
            return self.handler(
                attempts=call["attempts"],
                response=response,
                caught_exception=exception,
                request_dict={"context": call["context"]},
            )
        except Exception as raised:  # the last failure, if it was one of the connection
            assert raised is exception, raised
            return None

    def told(self):
        return None


def script(dice, steps):
    mode = dice.choice(["standard", "standard", "standard", "legacy"])
    service = dice.choice(["other", "other", "dynamodb"])
    attempts = dice.choice([None, 1, 2, 5]) if mode == "standard" else None
    fields = [f"mode: {mode}", f'version: "{VERSION}"']
    if service != "other":
        fields.append(f"service: {service}")
    if attempts:
        fields.append(f"max_attempts: {attempts}")
    if mode == "standard":
        usual = 4 if service == "dynamodb" and IS_NEW else 3
        retries = Standard(attempts or usual, service)
    else:
        retries = Legacy(service)
    head = {
        "library": "botocore",
        "version": botocore.__version__,
        "policy": f"aws({', '.join(fields)})",
    }
    print(json.dumps(head))
    failing = dice.choice([0.3, 0.6, 0.9])
    calls, t = {}, 0.0
    for step in range(steps):
        t = round(t + dice.choice([0, 0.001, 0.1, 1]), 3)
        ready = [name for name, call in calls.items() if call["ready"] <= t]
        if not ready and len(calls) > 3:
            t = min(call["ready"] for call in calls.values())
            continue
        if not ready or (len(calls) < 6 and dice.random() < 0.4):
            name = str(step)
            calls[name] = {"attempts": 1, "context": {}, "ready": t}
            line = {"t": t, "id": name, "op": "acquire"}
            expect = {"permitted": True, "at": "inside"}
        else:
            name = dice.choice(ready)
            call = calls[name]
            outcome, status, after = "ok", 0, None
            if dice.random() < failing:
                outcome = dice.choice(["error"] * 6 + ["timeout_attempt", "refused", "reset"])
            line = {"t": t, "id": name, "op": "result", "outcome": outcome}
            if outcome == "error":
                status = dice.choice([400, 404, 429, 500, 502, 503, 504, 509, 501])
                line["status"] = status
                if status != 429 and dice.random() < 0.2:
                    after = dice.choice([2, 3.5, 5])
                    line["retry_after"] = after
            response, exception = answer(outcome, status, after)
            wait = retries.decide(call, response, exception)
            if wait is None:
                del calls[name]
                expect = {"permitted": False, "at": "ended", "outcome": outcome}
            else:
                call["attempts"] += 1
                # Before the wait that was drawn is over for certain.
                most = 2.0 ** (call["attempts"] - 1)
                call["ready"] = round(t + max(most, 6) + 1e-3, 3)
                expect = {"permitted": True, "at": "waiting"}
                told = mode == "standard" and IS_NEW and after is not None
                if told or (mode, service) == ("legacy", "dynamodb"):
                    expect["wait"] = wait
        policies = retries.told()
        if policies:
            expect["policies"] = policies
        print(json.dumps({**line, "expect": expect}))


def main():
    count, steps, seed = (list(map(int, sys.argv[1:])) + [4, 60, 1][len(sys.argv) - 1 :])[:3]
    for number in range(count):
        random.seed(seed * 1000 + number)
        script(random.Random(seed * 1000 + number), steps)


if __name__ == "__main__":
    main()
