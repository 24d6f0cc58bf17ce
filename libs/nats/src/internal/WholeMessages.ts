import { Kind, Parser, State } from "@nats-io/nats-core/internal"

/**
 * Has the client read whole messages at once.
 *
 * Its parser takes a step of its state machine for every byte of a message's first line. Then it cuts the line into views, five
 * for an ack of 80 bytes. That was a fifth of what an uplink cost session-actors. Here a message that is all in what the socket gave
 * is read by one scan, with views of its subject and body alone. Everything else, such as the first part of a message
 * that goes on later, goes to the client's own parser line by line.
 */
export const readWholeMessages = (): void => {
  if (parserOf.get(Parser.prototype) !== undefined) return
  const { parse } = Parser.prototype
  parserOf.set(Parser.prototype, parse)
  Parser.prototype.parse = function (bytes) {
    for (let at = 0; at < bytes.length;) {
      if (this.state === State.OP_START) at = dispatchWholeMessages(this, bytes, at)
      if (at >= bytes.length) return
      const lineEnd = bytes.indexOf(lineFeed, at)
      const next = lineEnd < 0 ? bytes.length : lineEnd + 1
      parse.call(this, bytes.subarray(at, next))
      at = next
    }
  }
}

/** Parsers whose `parse` was replaced, and the client's own one. */
const parserOf = new WeakMap<object, Parser["parse"]>()

/** Dispatches the messages that begin at `at` and are there as a whole; where the first one begins that is not. */
const dispatchWholeMessages = (parser: Parser, bytes: Uint8Array, at: number): number => {
  for (;;) {
    const withHeaders = bytes[at] === letterH
    const subjectAt = withHeaders ? at + 5 : at + 4
    if (bytes[subjectAt - 4] !== letterM || bytes[subjectAt - 3] !== letterS || bytes[subjectAt - 2] !== letterG)
      return at
    if (bytes[subjectAt - 1] !== space) return at
    // `MSG subject sid [reply] size`, `HMSG subject sid [reply] header-size size`; beyond the end there is no byte above a space.
    let end = subjectAt
    while (bytes[end]! > space) end++
    const subjectEnd = end
    const sidAt = ++end
    while (bytes[end]! > space) end++
    const sidEnd = end
    let fields = 0
    let lastAt = 0
    let beforeAt = 0
    let replyAt = 0
    while (bytes[end] === space) {
      replyAt = beforeAt
      beforeAt = lastAt
      lastAt = ++end
      fields++
      while (bytes[end]! > space) end++
    }
    const fieldsLeast = withHeaders ? 2 : 1
    if (fields < fieldsLeast || fields > fieldsLeast + 1) return at
    if (bytes[end] !== carriageReturn || bytes[end + 1] !== lineFeed) return at
    const sid = numberAt(bytes, sidAt, sidEnd)
    const size = numberAt(bytes, lastAt, end)
    const headerSize = withHeaders ? numberAt(bytes, beforeAt, lastAt - 1) : noHeaders
    if (sid < 0 || size < 0 || (withHeaders && (headerSize < 0 || headerSize > size))) return at
    const bodyAt = end + 2
    const bodyEnd = bodyAt + size
    if (bytes[bodyEnd] !== carriageReturn || bytes[bodyEnd + 1] !== lineFeed) return at
    const hasReply = fields > fieldsLeast
    const subject = bytes.subarray(subjectAt, subjectEnd)
    parser.dispatcher.push({
      kind: Kind.MSG,
      msg: hasReply
        ? { subject, sid, hdr: headerSize, size, reply: fieldAt(bytes, withHeaders ? replyAt : beforeAt) }
        : { subject, sid, hdr: headerSize, size },
      data: bytes.subarray(bodyAt, bodyEnd)
    })
    at = bodyEnd + 2
  }
}

/** -1 for what is no number of at most `digitsMax` digits: the client's parser says what is wrong with it. */
const numberAt = (bytes: Uint8Array, at: number, end: number): number => {
  if (at >= end || end - at > digitsMax) return -1
  let number = 0
  for (let i = at; i < end; i++) {
    const digit = bytes[i]! - zero
    if (digit < 0 || digit > 9) return -1
    number = number * 10 + digit
  }
  return number
}

const fieldAt = (bytes: Uint8Array, at: number): Uint8Array => {
  let end = at
  while (bytes[end]! > space) end++
  return bytes.subarray(at, end)
}

/** A message's size is below 64 MiB in every client. */
const digitsMax = 8
/** In place of a header's size. */
const noHeaders = -1
const [letterG, letterH, letterM, letterS, zero] = [0x47, 0x48, 0x4d, 0x53, 0x30]
const [space, carriageReturn, lineFeed] = [0x20, 0x0d, 0x0a]
