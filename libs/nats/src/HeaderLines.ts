import type { MsgHdrs } from "@nats-io/transport-node"

/**
 * Headers in the form they have on the wire, `Name: value\r\n` each: the part that stays the same for a device is
 * rendered once and joined with the rest as text.
 */
export const headerLines = (headers: ReadonlyArray<readonly [name: string, value: string]>): string => {
  let lines = ""
  for (const [name, value] of headers) lines += `${name}: ${oneLine(value)}\r\n`
  return lines
}

/** A value that holds a line break would be more headers than the caller meant. */
export const oneLine = (value: string): string => (lineBreak.test(value) ? value.replace(/[\r\n]+/g, " ") : value)
const lineBreak = /[\r\n]/

/**
 * What the client's publish needs of headers is `encode()`. Its own MsgHdrs keeps a Map of arrays and validates each
 * name again per message: 2.5 µs and more for five headers where this is 0.3 µs. One object
 * serves all messages, since the client encodes before publish returns.
 */
export class RenderedHeaders {
  lines = ""

  encode(): Uint8Array {
    return Buffer.from(`NATS/1.0\r\n${this.lines}\r\n`, "utf8")
  }

  asMsgHdrs(): MsgHdrs {
    return this as unknown as MsgHdrs
  }
}
