import { Code, codeClass, decode, decodeBlock, decodeUint, formatCode, type Option, OptionNumber } from "@roost/coap"
import * as Result from "effect/Result"

/** Characters of a payload that are shown. */
const payloadLengthMax = 600

/** A CoAP message in a line; a second one where a response code needs explaining (contract §4.9). */
export const describeMessage = (bytes: Uint8Array): ReadonlyArray<string> => {
  const decoded = decode(bytes)
  if (Result.isFailure(decoded)) return [`${bytes.length} bytes that are no CoAP message (${decoded.failure.reason})`]
  const { code, messageId, options, payload, token, type } = decoded.success
  const meaning = codeMeanings.get(code)
  return [
    [
      type,
      codeName(code),
      `mid ${messageId}`,
      ...(token.length === 0 ? [] : [`token ${token.toHex()}`]),
      ...describeOptions(options),
      ...(payload.length === 0 ? [] : [` ${shortened(withoutSecret(textOrHex(payload)))}`])
    ].join(" "),
    ...(meaning === undefined ? [] : [`${formatCode(code)}: ${meaning}`])
  ]
}

/** Text as it is, anything else in hexadecimal. */
export const textOrHex = (bytes: Uint8Array): string => {
  const text = new TextDecoder().decode(bytes)
  return printable.test(text) ? text : `0x${bytes.toHex()}`
}

const codeName = (code: number): string => {
  if (code === Code.Empty) return "empty"
  if (codeClass(code) !== 0) return formatCode(code)
  return code === Code.Get ? "GET" : code === Code.Post ? "POST" : formatCode(code)
}

const describeOptions = (options: ReadonlyArray<Option>): ReadonlyArray<string> => {
  const path = options.filter(({ number }) => number === OptionNumber.UriPath)
  const others = options.filter(({ number }) => number !== OptionNumber.UriPath)
  return [
    ...(path.length === 0 ? [] : [path.map(({ value }) => `/${textOrHex(value)}`).join("")]),
    ...others.map(describeOption)
  ]
}

const describeOption = ({ number, value }: Option): string => {
  const name = optionNames.get(number) ?? `option ${number}`
  if (number === OptionNumber.PendingCommand) return `2100=${textOrHex(value)}`
  if (number === OptionNumber.Block1 || number === OptionNumber.Block2) {
    const block = value.length > 3 ? undefined : decodeBlock(value)
    if (block !== undefined) return `${name}=${block.num}/${block.more ? "more" : "last"}/${2 ** (block.szx + 4)}`
  }
  if (uintOptions.has(number)) return `${name}=${decodeUint(value)}`
  return `${name}=${textOrHex(value)}`
}

/** The answer to activate/info has one; a transcript is often passed on. */
const withoutSecret = (text: string): string => text.replaceAll(/("deviceSecret"\s*:\s*")[^"]*/g, "$1…")

const shortened = (text: string): string =>
  text.length <= payloadLengthMax ? text : `${text.slice(0, payloadLengthMax)}… (${text.length} characters)`

const printable = /^[\x20-\x7e\u00a0-\uffef]*$/
/** `ContentFormat` as the RFC has it: `Content-Format`. */
const optionNames = new Map<number, string>(
  Object.entries(OptionNumber).map(([name, number]) => [number, name.replaceAll(/(?<=[a-z])(?=[A-Z])/g, "-")])
)
const uintOptions: ReadonlySet<number> = new Set([
  OptionNumber.ContentFormat,
  OptionNumber.MaxAge,
  OptionNumber.Accept,
  OptionNumber.Observe,
  OptionNumber.Size1,
  OptionNumber.Size2
])

const codeMeanings: ReadonlyMap<number, string> = new Map([
  [Code.BadRequest, "the payload is not what the EnOS device protocol asks for on this topic"],
  [
    Code.Unauthorized,
    "this session may not do that: rotated secret, disabled device, or SecureMode 3 beyond activation"
  ],
  [Code.Forbidden, "the topic is another device's"],
  [Code.NotFound, "no such topic, or nothing is pending there"],
  [Code.MethodNotAllowed, "POST and GET are mixed up for this topic"],
  [Code.InternalServerError, "the platform failed: try again later"]
])
