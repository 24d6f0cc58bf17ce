import type { RefusalEntries } from "../Refusal.ts"

/** Refusals that a device itself can tell: of a server that does not answer, or not as it should. */
export const clientRefusals = {
  "server-unreachable": {
    sentence: "Nothing came back from the server.",
    cause: "Likely the server is down, host or port are wrong, or a firewall drops UDP.",
    cure: "Compare host and port with what the operator gives, and let UDP to that port through."
  },
  "handshake-met-silence": {
    sentence: "The server answered the hello, and met the key exchange with silence.",
    cause:
      "Wrong keys look like silence: product key, device key, secret, SecureMode or Lifetime is wrong, or the device is disabled.",
    cure: "Ask the operator for GET /v1/products/{pk}/devices/{dk}/why, which names the cause."
  },
  "session-silent": {
    sentence: "The server did not answer a request in the session.",
    cause: "Likely the server or the network is away, or the server does not know this session any more.",
    cure: "Connect anew."
  },
  "host-unknown": {
    sentence: "The name of the server could not be resolved.",
    cause: "Likely it is mistyped, or DNS does not answer.",
    cure: "Check the host and the DNS."
  },
  "activation-refused": {
    sentence: "The platform did not give the device its secret.",
    cause: "Dynamic activation is off for the product, or the device was activated before.",
    cure: "Use the device's own secret, or ask the operator to replace the device (POST …:replace)."
  },
  "session-ended": {
    sentence: "The platform answered 4.01 in a session that was good before.",
    cause: "The device was disabled or deleted, or has another secret by now.",
    cure: "Ask the operator for GET /v1/products/{pk}/devices/{dk}/why."
  }
} as const satisfies RefusalEntries
