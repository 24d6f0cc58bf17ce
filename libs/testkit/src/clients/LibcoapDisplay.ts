import { encodeUint, type MessageType, type Option, OptionNumber } from "@roost/coap"
import type { CoapResponse } from "./CoapClient.ts"

/**
 * The messages that libcoap 4.3.1 shows in its log at level 6 and above, in order:
 * `v:1 t:ACK c:2.04 i:3e4a {01} [ Content-Format:application/json, 2100:/topic/a ] :: 'payload'`.
 */
export const shownMessages = (log: string): ReadonlyArray<CoapResponse> =>
  [...log.matchAll(messagePattern)].map(([, type, code, options, payload]) => ({
    type: type as MessageType,
    code: code!,
    options: shownOptions(options!),
    payload: payload === undefined ? new Uint8Array(0) : unescape(payload)
  }))

const messagePattern =
  /^v:1 t:(CON|NON|ACK|RST) c:([0-9.A-Z]+) i:[0-9a-f]{4} \{[0-9a-f]*\} \[ (.*?) ?\](?: :: (.*))?$/gm

/** A value with `, ` inside would be cut in two; no option of this protocol has that. */
const shownOptions = (text: string): ReadonlyArray<Option> =>
  text === ""
    ? []
    : text.split(", ").map((shown) => {
        const colon = shown.indexOf(":")
        const name = colon < 0 ? shown : shown.slice(0, colon)
        const value = colon < 0 ? "" : shown.slice(colon + 1)
        return { number: numbersByName.get(name) ?? Number(name), value: shownValue(name, value) }
      })

const shownValue = (name: string, value: string): Uint8Array => {
  const block = /^(\d+)\/([M_])\/(\d+)$/.exec(value)
  if (block !== null) {
    const [, number, more, bytes] = block
    return encodeUint(Number(number) * 16 + (more === "M" ? 8 : 0) + Math.log2(Number(bytes)) - 4)
  }
  if (name === "Content-Format" || name === "Accept") return encodeUint(contentFormats.get(value) ?? Number(value))
  return uintNames.has(name) ? encodeUint(Number(value)) : unescape(value)
}

/** `\x0A` for what can't be printed; text in quotes if it is a payload. */
const unescape = (text: string): Uint8Array => {
  const bare = /^'(.*)'$/s.exec(text)?.[1] ?? text
  const latin1 = Buffer.from(bare, "utf8").toString("latin1")
  return new Uint8Array(
    Buffer.from(
      latin1.replace(/\\x([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16))),
      "latin1"
    )
  )
}

const numbersByName = new Map<string, number>([
  ["If-Match", OptionNumber.IfMatch],
  ["Uri-Host", OptionNumber.UriHost],
  ["ETag", OptionNumber.ETag],
  ["If-None-Match", OptionNumber.IfNoneMatch],
  ["Observe", OptionNumber.Observe],
  ["Uri-Port", OptionNumber.UriPort],
  ["Location-Path", OptionNumber.LocationPath],
  ["Uri-Path", OptionNumber.UriPath],
  ["Content-Format", OptionNumber.ContentFormat],
  ["Max-Age", OptionNumber.MaxAge],
  ["Uri-Query", OptionNumber.UriQuery],
  ["Accept", OptionNumber.Accept],
  ["Block2", OptionNumber.Block2],
  ["Block1", OptionNumber.Block1],
  ["Size2", OptionNumber.Size2],
  ["Size1", OptionNumber.Size1],
  ["No-Response", OptionNumber.NoResponse]
])

const uintNames = new Set(["Observe", "Uri-Port", "Max-Age", "Size1", "Size2", "No-Response"])

const contentFormats = new Map([
  ["text/plain", 0],
  ["application/link-format", 40],
  ["application/octet-stream", 42],
  ["application/json", 50],
  ["application/cbor", 60]
])
