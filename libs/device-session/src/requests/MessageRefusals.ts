import { formatCode, OptionNumber, type Output, type RefusalDetail, type RefusalReason } from "@roost/coap"
import { reasonOf, type RefusalCode } from "@roost/explain"
import type { DeviceSession } from "../state/DeviceSession.ts"
import { type DeviceTurn, report } from "../state/DeviceTurn.ts"

/**
 * Tells operators what the CoAP message layer refused on its own account. Copies, late ACKs and the like, which any network makes,
 * are left out.
 */
export const reportMessageRefusal = (
  turn: DeviceTurn,
  session: DeviceSession,
  output: Output & { readonly _tag: "Transmit" | "Ignored" }
): void => {
  const { refusal } = output
  const isSilence = output._tag === "Ignored"
  if (refusal !== undefined) {
    const code = formatCode(refusal.code)
    const why = refusalTexts[refusal.reason](refusal.detail ?? {})
    const reason = `${code}${isSilence ? ", but silence for a NON" : ""}: ${why}`
    return report(turn, session, "request-refused", reason, { code: refusalCodes[refusal.reason] })
  }
  const cause = isSilence ? output.reason : output.cause
  const format = formatCodes.get(cause)
  if (format === undefined) return
  report(turn, session, "message-refused", `${isSilence ? "silence" : "RST"}: ${reasonOf(format)} (${cause})`, {
    code: format
  })
}

type Explain = (detail: RefusalDetail) => string

/** By reason: what came, what was expected, the likely cause and the cure. */
const refusalTexts: Readonly<Record<RefusalReason, Explain>> = {
  CriticalOptionUnknown: ({ bytes, option = 0 }) =>
    `the request has option ${named(option)} of ${bytes ?? 0} bytes, which is critical, as every odd number is, and not served: expected ` +
    `Uri-Path, Uri-Query, Content-Format, Accept, Block1, Block2. Likely ${likelyOption(option)}. Leave the option out`,
  OptionMalformed: ({ bytes, option = 0 }) =>
    `option ${named(option)} of ${bytes ?? 0} bytes can't be read: expected ${expectedOf(option)}. Likely ` +
    `${bytes === 0 ? "an empty variable" : "its length is wrong, it comes twice, or its text is in another encoding"}. Send it as its RFC says`,
  ProxyingRequested: ({ option }) =>
    `the request has ${option === undefined ? "Proxy-Uri or Proxy-Scheme" : named(option)}: expected a request for this server. Likely the client is ` +
    "set to use a proxy. Send the path as Uri-Path options",
  BlockSizeReserved: () =>
    "a Block option has size exponent 7: expected 0 to 6, 16 to 1024 bytes (RFC 7959 §2.2). Likely the option's bits are in another order. " +
    "Send number << 4 | more << 3 | exponent",
  BlockPayloadSizeWrong: ({ bytes, bytesMax }) =>
    `a block has ${bytes ?? 0} bytes: expected ${bytesMax ?? 0}, which its Block1 says, and fewer in the last block only (RFC 7959 §2.2). Likely the buffer ` +
    "is smaller than the block. Announce the size that is sent, or send all but the last block whole",
  BlockMissing: ({ bytes, bytesMax }) =>
    `a block for byte ${bytes ?? 0} came and ${bytesMax ?? 0} bytes of the body are here: expected the next block. Likely a block was lost, more than four ` +
    "minutes passed, or path or token were changed between blocks. Begin again at block 0",
  BlockUnexpected: () =>
    "a request with a body has Block1 and asks for a later block by Block2: expected one of both (RFC 7959 §2.7). Fetch the rest of an answer " +
    "without Block1 and body",
  BlockBeyondEnd: () =>
    "the block that was asked for is behind the answer's end: expected a block that the one before announced. Likely the client counts on after " +
    "the last block. Stop at the block whose more bit is 0",
  BodyNotKept: () =>
    "the answer whose next block was asked for is not here any more. Likely more than four minutes passed, or other answers in blocks came between. " +
    "Ask for block 0 again",
  BodyTooLarge: ({ bytes, bytesMax }) =>
    `the body has ${bytes ?? 0} bytes or is announced with them: expected at most ${bytesMax ?? 0}, as Size1 of the answer says. Likely a log or a file in one ` +
    "message. Split it into several messages",
  ResponseTooLarge: () =>
    "no block of the answer fits a record of this session. Agree on a larger max_fragment_length or record_size_limit",
  ExchangesExhausted: () =>
    "more requests came than are worked on at once (8): expected that the device waits for answers. Likely it sends on without them, or repeats " +
    "with new message ids. Wait for the answer, or for Max-Age seconds"
}

const refusalCodes = {
  CriticalOptionUnknown: "coap-option-unknown",
  OptionMalformed: "coap-option-malformed",
  ProxyingRequested: "coap-proxying",
  BlockSizeReserved: "block-size",
  BlockPayloadSizeWrong: "block-payload-size",
  BlockMissing: "block-missing",
  BlockUnexpected: "block-unexpected",
  BlockBeyondEnd: "block-beyond-end",
  BodyNotKept: "body-not-kept",
  BodyTooLarge: "body-too-large",
  ResponseTooLarge: "no-room-for-block",
  ExchangesExhausted: "too-many-exchanges"
} as const satisfies Readonly<Record<RefusalReason, RefusalCode>>

/** Messages that are no request: of a device, or of what speaks through its session. */
const formatCodes: ReadonlyMap<string, RefusalCode> = new Map([
  ["TooShort", "coap-too-short"],
  ["UnknownVersion", "coap-version"],
  ["TokenLengthReserved", "coap-token-length"],
  ["TokenTruncated", "coap-token-cut"],
  ["EmptyWithContent", "coap-empty-with-content"],
  ["OptionHeaderReserved", "coap-option-reserved"],
  ["OptionHeaderTruncated", "coap-option-header-cut"],
  ["OptionNumberTooLarge", "coap-option-number"],
  ["OptionValueTruncated", "coap-option-cut"],
  ["TooManyOptions", "coap-too-many-options"],
  ["PayloadMarkerWithoutPayload", "coap-marker-without-payload"],
  ["RequestInAckOrReset", "coap-request-as-ack"],
  ["ResponseUnexpected", "coap-response-unexpected"],
  ["CodeClassReserved", "coap-code-class"]
])

const named = (option: number): string => {
  const name = optionNames.get(option)
  return name === undefined ? String(option) : `${option} (${name})`
}

/** `IfMatch` as RFC 7252 has it: `If-Match`. */
const optionNames: ReadonlyMap<number, string> = new Map(
  Object.entries(OptionNumber).map(([name, number]) => [number, name.replaceAll(/(?<=[a-z])(?=[A-Z])/g, "-")])
)

const likelyOption = (option: number): string => {
  switch (option) {
    case OptionNumber.IfMatch:
    case OptionNumber.IfNoneMatch:
      return "a condition that the client's library adds"
    case OptionNumber.Oscore:
      return "OSCORE, which is not needed inside of DTLS"
    case OptionNumber.QBlock1:
    case OptionNumber.QBlock2:
      return "robust block transfer (RFC 9177); Block1 and Block2 are served"
    default:
      return optionNames.has(option)
        ? "a client's default"
        : "an option of another platform, or its number is off by one: an even one is left out of account"
  }
}

const expectedOf = (option: number): string => {
  switch (option) {
    case OptionNumber.UriPath:
      return 'UTF-8 text of at most 255 bytes that is neither "." nor ".."'
    case OptionNumber.UriQuery:
      return "UTF-8 text of at most 255 bytes"
    case OptionNumber.Accept:
    case OptionNumber.UriPort:
      return "one number of at most 2 bytes"
    case OptionNumber.Block1:
    case OptionNumber.Block2:
      return "one number of at most 3 bytes"
    case OptionNumber.UriHost:
      return "one name of 1 to 255 bytes"
    default:
      return "one value of the length that its RFC allows"
  }
}
