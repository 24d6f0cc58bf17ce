"""What schemathesis has to know of this Roost: things that exist, and where webhooks may go."""

import json
import os
import re
import zlib

import schemathesis

known = json.loads(os.environ["ROOST_KNOWN"])
receiver = os.environ["ROOST_RECEIVER"]


@schemathesis.hook
def before_call(context, case, kwargs):
    """Half of the good requests are for what exists; whatever hears of events is the receiver of this run."""
    if isinstance(case.body, dict) and str(case.body.get("url", "")).startswith("http") and "webhooks" in case.path:
        case.body["url"] = receiver
    if case.meta is None or not case.meta.generation.mode.is_positive or case.method.upper() == "DELETE":
        return
    if case.headers is not None:
        # Schemathesis has one key for everything.
        case.headers.pop("Idempotency-Key", None)
    parameters = case.path_parameters or {}
    # Where one is changed, schemathesis judges all of them anew: with what it percent-encoded the request would count as a bad one.
    if not all(isinstance(value, str) and re.fullmatch("[A-Za-z0-9_-]{1,20}", value) for value in parameters.values()):
        return
    for name, value in parameters.items():
        if name in known and zlib.crc32(value.encode()) % 2 == 0:
            parameters[name] = known[name]


@schemathesis.serializer("application/x-ndjson", "application/jsonl")
def lines(context, value):
    return value if isinstance(value, bytes) else json.dumps(value).encode()


@schemathesis.deserializer("application/x-ndjson")
def answers(context, response):
    return [json.loads(line) for line in response.content.splitlines()][0]
