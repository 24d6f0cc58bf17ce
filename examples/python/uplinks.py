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
from nats.errors import TimeoutError as NoMessage
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from nats.js.errors import NotFoundError

# Uplinks that one process holds at a time: few, so that the others of its group have work too.
HELD_MAX = 10
# Seconds that one request for uplinks waits at the server.
WAIT_SECONDS = 5


def handle(uplink: dict) -> None:
    """Here your application begins. It may see an uplink twice: make what it does idempotent."""
    print(json.dumps(uplink), flush=True)


def token(key: str | None) -> str:
    """In subjects, bytes of keys outside [A-Za-z0-9_-] are written =HH."""
    return "*" if key is None else re.sub(r"[^A-Za-z0-9_-]", lambda found: f"={ord(found[0]):02X}", key)


def text_of(part: str) -> str:
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


async def join(jetstream, group: str, subject: str):
    """The group's durable consumer, created by the first process of it."""
    try:
        known = (await jetstream.consumer_info("UPLINK", group)).config.filter_subject
        if known != subject:
            sys.exit(f"the group {group} reads {known}, not {subject}: take another name")
    except NotFoundError:
        await jetstream.add_consumer(
            "UPLINK",
            ConsumerConfig(
                durable_name=group,
                filter_subject=subject,
                deliver_policy=DeliverPolicy.ALL,
                ack_policy=AckPolicy.EXPLICIT,
            ),
        )
    return await jetstream.pull_subscribe_bind(group, stream="UPLINK")


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


async def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--group", default="python-example")
    arguments.add_argument("--product")
    arguments.add_argument("--device")
    arguments.add_argument("--kind", default="*")
    options = arguments.parse_args()
    servers = os.environ.get("NATS_URL", "nats://127.0.0.1:4222").split(",")
    subject = f"roost.uplink.{token(options.product)}.{token(options.device)}.{options.kind}"
    async with await nats.connect(servers=servers, max_reconnect_attempts=-1) as connection:
        consuming = asyncio.ensure_future(consume(await join(connection.jetstream(), options.group, subject)))
        for name in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(name, consuming.cancel)
        try:
            await consuming
        except asyncio.CancelledError:
            pass


asyncio.run(main())
