import type { RefusalEntries } from "../Refusal.ts"

/** Why a device is not online although nothing was refused. */
export const presenceRefusals = {
  "never-heard": {
    sentence: "Nothing was ever heard of the device, and no stranger names it.",
    cause:
      "Likely its datagrams do not arrive: the address is wrong, a firewall drops UDP, or it has not been switched on.",
    cure: "Ask GET /v1/why?address= for its public address, and compare host and port with what the device has."
  },
  "silent-since-handshake": {
    sentence: "The device finished its handshake, and nothing was heard of it since.",
    cause:
      "Likely its firmware waits before it posts, fails before it does, or sends to another address than it made the handshake with.",
    cure: "Let it post to /topic/sys/{productKey}/{deviceKey}/thing/measurepoint/post in the session. Its record (roost record) shows each message."
  },
  "silent-for-lifetime": {
    sentence: "The device is offline: nothing was heard of it for its Lifetime.",
    cause: "Likely it sleeps longer than the Lifetime in its identity, lost its network, or its address changed.",
    cure: "Give it a Lifetime longer than the pause between two messages, and a connection id (RFC 9146)."
  },
  "said-goodbye": {
    sentence: "The device is offline: it ended its session.",
    cause: "It sent close_notify, as a device does that is switched off or begins anew.",
    cure: "Nothing has to be done if it comes again. If it should stay, have it keep its session while it sleeps."
  },
  "session-ended-by-operator": {
    sentence: "The device is offline: its credential changed, or it was disabled or deleted, and its session ended.",
    cause: "An operator changed it.",
    cure: "It has to handshake again, with its secret of now."
  }
} as const satisfies RefusalEntries
