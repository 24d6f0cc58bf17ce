import type { paths } from "../../generated/registry.d.ts"

type Query = NonNullable<paths["/v1/products/{productKey}/devices/{deviceKey}/events"]["get"]["parameters"]["query"]>
export type LogKind = NonNullable<Query["kind"]>

/** As the device log names them; those of products are left out. */
export const logKinds = [
  "activation-refused",
  "actor-fault",
  "announcement-left-out",
  "client-random-repeated",
  "command-fetched",
  "command-replied",
  "command-reply-ignored",
  "credential-deleted",
  "credential-disabled",
  "credential-enabled",
  "credential-secret",
  "device-replaced",
  "handshake-refused",
  "handshake-unfinished",
  "message-odd",
  "message-refused",
  "not-told",
  "nothing-pending",
  "offline",
  "online",
  "product-secret-outdated",
  "recording-begun",
  "registry-unavailable",
  "request-refused",
  "response-too-large",
  "script-failed",
  "secret-issued",
  "secret-too-short",
  "secrets-exported",
  "session-replaced",
  "store-unavailable",
  "time-odd",
  "uplink-refused"
] as const satisfies ReadonlyArray<LogKind>
