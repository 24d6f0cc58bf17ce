import { type ErrorKind, errorKinds } from "@roost/load"
import type { LoadConfig } from "../LoadConfig.ts"
import type { Counts } from "../Report.ts"

/** As much of a report as it takes. */
interface Failed {
  readonly config: Pick<LoadConfig, "targets" | "expect" | "verifyPayload" | "suite">
  readonly totals: Pick<Counts, "errorsByKind">
}

/** Of each kind of error that happened: whose doing it is, and what to look at next. */
export const adviceOf = ({ config, totals }: Failed): ReadonlyArray<string> => {
  const targets = config.targets.map(({ host, port }) => `${host}:${port}`).join(", ")
  return errorKinds
    .filter((kind) => (totals.errorsByKind[kind] ?? 0) > 0)
    .map((kind) => `${kind}: ${advice[kind](config, targets)}`)
}

const advice: Readonly<Record<ErrorKind, (config: Failed["config"], targets: string) => string>> = {
  timeout: () =>
    "the server or the way to it: no response after all retransmissions. Where a run without --loss and with less load has none, it is the load",
  token: () => "the server: a response with the token of another request",
  code: ({ expect }) =>
    `the server answered with another code than ${expect}. If that is right for this server, say so with --expect; else look at --path and --payload`,
  payload: ({ verifyPayload }) =>
    `the server's response did not name the request (--verify-payload ${verifyPayload}). One that is no EnOS server needs --verify-payload echo or none`,
  type: () => "the server: a message type that RFC 7252 §4.2 does not allow here",
  malformed: () => "the server: bytes that are no CoAP message",
  unexpected: () => "the server: a request to a device that serves none",
  reset: () => "the server refused requests with RST",
  record: () => "the server or the way to it: records that do not verify",
  handshakeTimeout: () =>
    "the server did not finish handshakes in time. One that does not know an identity, or has another key for it, says nothing: look at --identity, --product, --device-key, --secret and --key-mode, and whether the devices are registered. One with too much to do: lower --handshakes-in-flight",
  handshakeRefused: ({ suite }) =>
    `the server refused handshakes with an alert: does it have the suite (--suite ${suite}), the identities (--identity) and the keys (--secret, --key-mode)?`,
  sessionClosed: () => "the server ended sessions that devices were using",
  network: (_, targets) =>
    `this machine or the network: nothing listens at ${targets} (--server), or the way there is cut`,
  command: () => "the server: a command that could not be fetched, or whose reply it refused"
}
