import { decode, formatCode, OptionNumber } from "@roost/coap"
import type { RecordedEntry, RecordingEntry, ShownMessage } from "@roost/contracts"
import * as Result from "effect/Result"

/** An entry as it is read: without the secrets of handshakes, and with CoAP messages in words. */
export const shownEntry = (entry: RecordedEntry): RecordingEntry => {
  const { what } = entry
  if (what._tag === "Secret") return { ...entry, what: { _tag: "Handshake", step: "secrets", text: "recorded" } }
  const coap = what._tag === "Message" ? shownMessage(Uint8Array.fromBase64(what.bytes)) : undefined
  return coap === undefined ? entry : { ...entry, coap }
}

/** Undefined if it is no CoAP message. */
export const shownMessage = (bytes: Uint8Array): ShownMessage | undefined => {
  const decoded = decode(bytes)
  if (Result.isFailure(decoded)) return undefined
  const { code, messageId, options, payload, token, type } = decoded.success
  return {
    type,
    code: formatCode(code),
    messageId,
    token: token.toHex(),
    options: options.map(({ number, value }) => ({
      number,
      name: names.get(number) ?? `option ${number}`,
      value: texts.has(number) ? textOf(value) : numbers.has(number) ? String(numberOf(value)) : value.toHex()
    })),
    payload: payload.length === 0 ? "" : textOf(payload)
  }
}

/** UTF-8 as it is, other bytes in hexadecimal. */
const textOf = (bytes: Uint8Array): string => {
  try {
    return utf8.decode(bytes)
  } catch {
    return `0x${bytes.toHex()}`
  }
}

const numberOf = (bytes: Uint8Array): number => bytes.reduce((number, byte) => number * 256 + byte, 0)

/** `UriPath` as RFC 7252 has it: `Uri-Path`. */
const names: ReadonlyMap<number, string> = new Map(
  Object.entries(OptionNumber).map(([name, number]) => [number, name.replaceAll(/(?<=[a-z])(?=[A-Z])/g, "-")])
)
const texts: ReadonlySet<number> = new Set([OptionNumber.UriPath, OptionNumber.UriQuery, OptionNumber.PendingCommand])
const numbers: ReadonlySet<number> = new Set([OptionNumber.ContentFormat, OptionNumber.Accept, OptionNumber.MaxAge])
const utf8 = new TextDecoder("utf-8", { fatal: true })
