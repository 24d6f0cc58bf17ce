/** Why a link, or a request on it, failed. `hint` says what to look at next. */
export class LinkError extends Error {
  readonly by: "peer" | "local" | "timeout"
  readonly hint: string

  constructor(by: "peer" | "local" | "timeout", reason: string, hint: string) {
    super(reason)
    this.name = "LinkError"
    this.by = by
    this.hint = hint
  }
}

/** Nothing came at all. */
export const unreachableHint = "is the server up, are host and port right, and does no firewall drop UDP?"

/** A server that hides why it refuses answers each of these with silence. */
export const silentServerHint =
  "wrong keys look like silence: check product key, device key and secret, SecureMode, Lifetime 30–86400, and " +
  "whether the device is disabled; the operator sees the reason in the device's events"

export const silentSessionHint =
  "the server or the network is silent: is the server up, and does it still know this session? Connect anew"

export const unknownHostHint = "the name of the server could not be resolved: check the host and the DNS"
