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
    for name, value in (case.path_parameters or {}).items():
        # Also a good request may have a bad part that is to be refused.
        good = isinstance(value, str) and re.fullmatch("[A-Za-z0-9_-]{1,20}", value)
        if name in known and good and zlib.crc32(value.encode()) % 2 == 0:
            case.path_parameters[name] = known[name]


@schemathesis.serializer("application/x-ndjson", "application/jsonl")
def lines(context, value):
    return value if isinstance(value, bytes) else json.dumps(value).encode()


@schemathesis.deserializer("application/x-ndjson")
def answers(context, response):
    return [json.loads(line) for line in response.content.splitlines()][0]
