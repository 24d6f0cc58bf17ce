"""What an application does with the Python clients that were generated from both specifications."""

import os
import sys

sys.path.insert(0, os.environ["ROOST_CLIENTS"])

from downlink_queue.api.command_states import cancel_command, get_command  # noqa: E402
from downlink_queue.api.commands import set_measurepoint  # noqa: E402
from downlink_queue.client import AuthenticatedClient as DownlinkClient  # noqa: E402
from downlink_queue.models import SetMeasurepointRequest  # noqa: E402
from registry.api.devices import create_device, list_devices  # noqa: E402
from registry.api.products import create_product  # noqa: E402
from registry.api.webhooks import create_webhook, delete_webhook  # noqa: E402
from registry.client import AuthenticatedClient as RegistryClient  # noqa: E402
from registry.models import NewDevice, NewProduct, NewWebhook, NewWebhookKindsItem  # noqa: E402
from registry.types import UNSET  # noqa: E402

token = os.environ["ROOST_API_TOKEN"]
registry = RegistryClient(base_url=os.environ["ROOST_REGISTRY"], token=token)
downlink = DownlinkClient(base_url=os.environ["ROOST_DOWNLINK"], token=token)


def good(what, response):
    if response.status_code >= 300:
        raise SystemExit(f"{what}: {response.status_code.value} {response.content.decode()}")
    print(f"{what}: {response.status_code.value}")
    return response.parsed


product = good(
    "product",
    create_product.sync_detailed(client=registry, body=NewProduct(product_name="Python", product_key="py-client")),
)
for key in ("a", "b", "c"):
    good(
        "device",
        create_device.sync_detailed(product.product_key, client=registry, body=NewDevice(device_key=key)),
    )

keys = []
cursor = UNSET
while True:
    page = good("page", list_devices.sync_detailed("py-client", client=registry, limit=2, cursor=cursor))
    keys += [device.device_key for device in page.devices]
    cursor = page.next_cursor
    if cursor is UNSET:
        break
if keys != ["a", "b", "c"]:
    raise SystemExit(f"pages have {keys}")

accepted = good(
    "command",
    set_measurepoint.sync_detailed(
        os.environ["ROOST_PRODUCT"],
        os.environ["ROOST_DEVICE"],
        "limit",
        client=downlink,
        body=SetMeasurepointRequest(value=5, pending_ttl=60),
    ),
)
command = good("its state", get_command.sync_detailed(accepted.command_id, client=downlink))
if command.state != "created":
    raise SystemExit(f"the command is {command.state}")
good("cancel", cancel_command.sync_detailed(accepted.command_id, client=downlink))

webhook = good(
    "webhook",
    create_webhook.sync_detailed(
        client=registry,
        body=NewWebhook(url=os.environ["ROOST_RECEIVER"], kinds=[NewWebhookKindsItem.COMMAND], product_key="py-client"),
    ),
)
good("webhook away", delete_webhook.sync_detailed(webhook.webhook_id, client=registry))
