import * as Schema from "effect/Schema"

/**
 * Events of a device or its product, by the name that each has on the bus and in every answer, with its occasion. From this list
 * docs/events.md is written.
 */
export const deviceEventKinds = {
  online: "the device's handshake verified, or it was heard of again after its Lifetime",
  offline: "nothing was heard of the device for its Lifetime, it said goodbye, or its credential changed",
  "handshake-refused": "a handshake that names the device failed; the device met silence",
  "handshake-unfinished": "a handshake that names the device never came to its end",
  "registry-unavailable": "the registry did not answer a question about the device; the device met silence, or 5.00",
  "secret-too-short": "the device came in with a secret that whoever listens can find by trying",
  "client-random-repeated": "the device's ClientHello repeats the random of the one before",
  "product-secret-outdated": "the device came in with its product's former secret",
  "session-replaced": "another handshake took the place of the device's session, from another address",
  "secret-issued": "the device fetched its secret with its product's",
  "activation-refused": "the device asked for its secret and did not get it: 4.01 or 4.29",
  "message-refused": "what came in the device's session is no CoAP request: it met silence, or a reset",
  "request-refused": "the device's request was answered 4.xx or 5.05; the reason begins with the code",
  "uplink-refused":
    "the device's message was answered 2.04 with a code of EnOS in its payload; the reason begins with the code",
  "actor-fault":
    "an exception in session-actors ended the device's turn or handshake: a fault of Roost; the reason has its details",
  "time-odd": "a time in the device's message is far off; it is stored as it was written",
  "message-odd":
    "the device's message was accepted, and a part of it is read by nobody: an unknown member or version, a key given twice",
  "script-failed": "the script of the device's product failed on the device's bytes: 4.00 or 5.00",
  "store-unavailable": "the device's message could not be stored: 5.00",
  "response-too-large": "the answer does not fit the device's records: 5.00",
  "announcement-left-out": "Option 2100 does not fit the device's records",
  "nothing-pending": "the device asked for a command on a topic on which none waits: 4.04",
  "command-fetched": "the device fetched a command",
  "command-replied": "the device replied to a command",
  "command-reply-ignored":
    "the device replied to a command that is over, unknown, or another topic's; nothing was changed",
  "credential-secret": "the device has a new secret",
  "credential-disabled": "an operator disabled the device",
  "credential-enabled": "an operator enabled the device",
  "credential-deleted": "an operator deleted the device",
  "recording-begun": "an operator has what the device says and hears recorded for some minutes",
  "secrets-exported": "an operator exported a recording with the secrets of the device's handshakes",
  "device-replaced": "an operator put new hardware in the device's place",
  "script-throws": "of a product: its script threw for several devices in a row",
  "webhook-failing": "of a product: the receiver of one of its webhooks does not take events; they come again",
  "webhook-dead":
    "of a product: the receiver of one of its webhooks took nothing for so long that events were given up",
  "webhook-recovered": "of a product: the receiver of one of its webhooks takes events again",
  "not-told": "more events came than are told one by one; the reason names how many of each kind"
} as const

export type DeviceEventKind = keyof typeof deviceEventKinds

/** Those by which nothing was refused: they have no code of a refusal. */
export type PlainEventKind = Extract<
  DeviceEventKind,
  | "online"
  | "offline"
  | "secret-issued"
  | "command-fetched"
  | "command-replied"
  | `credential-${string}`
  | "device-replaced"
  | "recording-begun"
  | "secrets-exported"
  | "webhook-recovered"
>

/** For filters; what is read from the bus or a database may be of a newer version, and any text. */
export const DeviceEventKind = Schema.Literals(Object.keys(deviceEventKinds) as Array<DeviceEventKind>)
