"""Prints every uplink as one line of JSON.

Processes of one group share the uplinks; a group goes on where it stopped.
"""

import argparse
import asyncio
import json
import os
import re
import signal
import sys

import nats
from nats.errors import Error as NatsError
from nats.errors import TimeoutError as NoMessage

WHERE = os.environ.get("NATS_URL", "nats://127.0.0.1:4222")
# Uplinks that one process holds at a time: few, so that the others of its group have work too.
HELD_MAX = 10
# Seconds that one request for uplinks waits at the server.
WAIT_SECONDS = 5


def handle(uplink: dict) -> None:
    """Here your application begins. It may see an uplink twice: make what it does idempotent."""
    print(json.dumps(uplink), flush=True)


def text_of(part: str) -> str:
    """In subjects, bytes of keys outside [A-Za-z0-9_-] are written =HH."""
    return re.sub(r"=([0-9A-F]{2})", lambda found: chr(int(found[1], 16)), part)


def uplink_of(message) -> dict:
    product_key, device_key, kind = (text_of(part) for part in message.subject.split(".")[2:5])
    headers = message.headers or {}
    return {
        "productKey": product_key,
        "deviceKey": device_key,
        "kind": kind,
        "topic": headers.get("Roost-Topic", ""),
        "method": headers.get("Roost-Method", ""),
        # Milliseconds since 1970, when Roost opened the record.
        "time": int(headers.get("Roost-Time", "0")),
        # JSON, or the hexadecimal digits of a pass-through product's bytes.
        "data": message.data.hex() if kind == "raw" else json.loads(message.data),
    }


async def join(connection, wanted: dict):
    """The group's durable consumer. Roost makes it: applications may read streams, and nothing else of JetStream."""
    asked = {"stream": "UPLINK", **{name: value for name, value in wanted.items() if value is not None}}
    try:
        answer = await connection.request("roost.application.consumer", json.dumps(asked).encode(), timeout=5)
    except NatsError as error:
        sys.exit(f"no Roost answers at {WHERE}: {error}. Is its registry running?")
    if "Roost-Error" in (answer.headers or {}):
        sys.exit(answer.data.decode())
    reply = json.loads(answer.data)
    if reply["_tag"] == "Refused":
        sys.exit(reply["detail"])
    return await connection.jetstream(prefix="ROOST.API").pull_subscribe_bind(wanted["consumer"], stream="UPLINK")


async def consume(subscription) -> None:
    while True:
        try:
            messages = await subscription.fetch(HELD_MAX, timeout=WAIT_SECONDS)
        except NoMessage:
            continue
        for message in messages:
            handle(uplink_of(message))
            # From here on it is not delivered again. Without this, another process of the group gets it after 30 s.
            await message.ack()


async def connect():
    # Where the server asks for a login: the user application of deploy/nats/accounts.conf.
    user = os.environ.get("NATS_USER")
    login = {} if user is None else {"user": user, "password": os.environ.get("NATS_PASSWORD", "")}
    causes = []

    async def note(error: Exception) -> None:
        causes.append(error)

    try:
        # The first connection is there at once or not at all; one that was lost is made again for ever.
        once = {"allow_reconnect": False, "max_reconnect_attempts": 1, "reconnect_time_wait": 0}
        first = await nats.connect(servers=WHERE.split(","), error_cb=note, **once, **login)
        await first.close()
    except (OSError, ValueError, NatsError) as error:
        cause = (causes or [error])[0]
        sys.exit(f"{WHERE} let nobody in: {cause}. Is it there? NATS_URL says another address.")
    return await nats.connect(servers=WHERE.split(","), max_reconnect_attempts=-1, error_cb=tell, **login)


async def tell(error: Exception) -> None:
    print(f"{WHERE}: {error or type(error).__name__}", file=sys.stderr)


async def main() -> None:
    arguments = argparse.ArgumentParser(
        description=__doc__, epilog="NATS_URL says where (nats://127.0.0.1:4222), NATS_USER and NATS_PASSWORD who."
    )
    arguments.add_argument("--group", default="python-example", metavar="NAME")
    arguments.add_argument("--product", metavar="KEY")
    arguments.add_argument("--device", metavar="KEY")
    arguments.add_argument(
        "--kind", help="measurepoint, event, attribute, tag, raw, ota, log, network or other"
    )
    options = arguments.parse_args()
    wanted = {
        "consumer": options.group,
        "productKey": options.product,
        "deviceKey": options.device,
        "kind": options.kind,
    }
    async with await connect() as connection:
        consuming = asyncio.ensure_future(consume(await join(connection, wanted)))
        for name in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(name, consuming.cancel)
        try:
            await consuming
        except asyncio.CancelledError:
            pass


asyncio.run(main())
