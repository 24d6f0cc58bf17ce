import { decodeToken } from "@roost/contracts"

/** A message of the bus, as one short line for a person. */
export interface BusLine {
  readonly at: Date
  readonly kind: "uplink" | "presence" | "event" | "command" | "stranger"
  readonly device: string
  readonly text: string
}

/** Reads a message of the streams UPLINK, PRESENCE, EVENT, STRANGER or COMMAND_EVENT; undefined for what is not worth a line. */
export const lineOf = (subject: string, payload: Uint8Array, at: Date): BusLine | undefined => {
  const [, kind, first, second, third] = subject.split(".")
  switch (kind) {
    case "uplink":
      return { at, kind, device: deviceOf(first, second), text: `${third}  ${shorten(textOf(payload))}` }
    case "presence": {
      const { state, cause, address, suite } = parse(payload)
      return { at, kind, device: deviceOf(first, second), text: `${state} (${cause})  ${address}  ${suite}` }
    }
    case "event": {
      const { detail, kind: what, reason } = parse(payload)
      const { times } = (detail ?? {}) as Json
      const told = (name: string | undefined) => `${what ?? name}: ${printable(reason)}${often(times)}`
      // Of Roost itself: the subject has no keys.
      if (third === undefined) return { at, kind, device: "roost", text: told(second) }
      return { at, kind, device: deviceOf(first, second), text: told(third) }
    }
    case "stranger": {
      const { address, identity, kind: what, reason, times } = parse(payload)
      const named = identity === undefined ? "" : ` as ${printable(identity)}`
      return { at, kind, device: printable(address), text: `${what}${named}: ${printable(reason)}${often(times)}` }
    }
    default:
      return undefined
  }
}

/** Keys as people write them, which `--device` compares; what befell a product as such has no device. */
const deviceOf = (productToken = "", deviceToken = ""): string => {
  const [product, device] = [productToken, deviceToken].map((token) => decodeToken(token) ?? token)
  return device === "" ? `${product}` : `${product}/${device}`
}

export const formatLine = (line: BusLine, color: boolean): string => {
  const time = line.at.toISOString().slice(11, 23)
  const paint = (code: number, text: string) => (color ? `\u001B[${code}m${text}\u001B[0m` : text)
  return `${paint(90, time)} ${paint(colors[line.kind], line.kind.padEnd(8))} ${line.device.padEnd(18)} ${line.text}`
}

const colors: Readonly<Record<BusLine["kind"], number>> = {
  uplink: 32,
  presence: 36,
  event: 33,
  command: 35,
  stranger: 31
}

type Json = Readonly<Record<string, unknown>>

const parse = (payload: Uint8Array): Json => {
  try {
    return JSON.parse(textOf(payload)) as Json
  } catch {
    return {}
  }
}

/** The times that a thing happened again after it was told. */
const often = (times: unknown): string => (typeof times === "number" ? ` (${times} times)` : "")

/** A reason may quote what a device made up: bytes that are no text show as dots. */
const printable = (text: unknown): string => (typeof text === "string" ? text.replace(unprintable, "·") : "?")

/** One line of a terminal. */
const shorten = (text: string): string => {
  const line = printable(text)
  return line.length <= lineLengthMax ? line : `${line.slice(0, lineLengthMax)}…`
}

const textOf = (payload: Uint8Array): string => Buffer.from(payload).toString("utf8")
const lineLengthMax = 140
const unprintable = /[^\x20-\x7e\u00a0-\uffef]/g
