import { codeClass, formatCode } from "@roost/coap"
import { EnosCode } from "@roost/enos"

/** The platform's answer to a report. */
export interface Answer {
  readonly accepted: boolean
  /** `2.04, code 1204: measurepoints.x: expected …`. */
  readonly text: string
}

/** Whether a report was accepted stands in CoAP's code and, where that is 2.xx, in the `code` of the payload (enos-protocol §2). */
export const answerOf = (code: number, payload: Uint8Array): Answer => {
  const success = codeClass(code) === 2
  const reply = enosReplyOf(payload)
  if (reply === undefined)
    return { accepted: success, text: success ? formatCode(code) : `${formatCode(code)}, refused` }
  const accepted = success && reply.code === EnosCode.success
  const message = reply.message === "" ? "" : `: ${reply.message}`
  return { accepted, text: `${formatCode(code)}, code ${reply.code}${message}${accepted ? "" : ", refused"}` }
}

/** Undefined where the payload is none of EnOS: empty, or the bytes of a raw product's script. */
const enosReplyOf = (payload: Uint8Array): { readonly code: number; readonly message: string } | undefined => {
  if (payload.length === 0) return undefined
  try {
    const { code, message } = JSON.parse(new TextDecoder().decode(payload)) as Record<string, unknown>
    if (typeof code !== "number") return undefined
    return { code, message: typeof message === "string" ? message : "" }
  } catch {
    return undefined
  }
}
