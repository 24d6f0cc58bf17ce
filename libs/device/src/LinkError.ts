import { entryOf, type RefusalCode } from "@roost/explain"

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

/** The likely cause and the cure, as the catalogue of refusals has them. */
const hintOf = (code: RefusalCode): string => {
  const { cause, cure } = entryOf(code)
  return `${cause} ${cure} (docs/refusals.md#${code})`
}

/** Nothing came at all. */
export const unreachableHint = hintOf("server-unreachable")
/** A server that hides why it refuses answers each of these with silence. */
export const silentServerHint = hintOf("handshake-met-silence")
export const silentSessionHint = hintOf("session-silent")
export const unknownHostHint = hintOf("host-unknown")
export const activationHint = hintOf("activation-refused")
export const unauthorizedHint = hintOf("session-ended")
