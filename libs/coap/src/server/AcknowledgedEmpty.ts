import type { Block } from "../Block.ts"
import { Code } from "../Code.ts"
import { noBytes } from "../Message.ts"
import type { Request, RequestEnvelope } from "../Request.ts"
import type { Work } from "./Working.ts"

/** A request that another process acknowledged empty: its response is due from this one, by `respond`. */
export interface Owed {
  readonly exchange: number
  /** As that process gave it to `promise`; empty if nothing tells whether the request took effect. */
  readonly name: string
  readonly reply: Uint8Array
  /** The kept parts of it: message id, token, Content-Format. */
  readonly request: Request
}

/**
 * A request that was acknowledged empty and not answered: its client waits and repeats nothing. So whoever serves it next owes it
 * the response (RFC 7252 §5.2.2). This is all that another process needs for one.
 */
export interface AcknowledgedEmpty {
  readonly messageId: number
  /** `messageIdentity`. */
  readonly identity: number
  /** For how long its copies may come. */
  readonly leftMillis: number
  readonly token: Uint8Array
  readonly noResponse: number
  readonly block1: Block | undefined
  readonly contentFormat: number | undefined
  /** `Work.name`, `Work.reply`. */
  readonly name: string
  readonly reply: Uint8Array
}

/** The form of `work` for another process; a reply that is too long is left out, and with it the name that promises it. */
export const acknowledgedEmpty = (now: number, { entry, envelope, name, reply }: Work): AcknowledgedEmpty => {
  const fits = name.length <= nameLengthMax && reply.length <= replyBytesMax
  return {
    messageId: entry.messageId,
    identity: entry.identity,
    leftMillis: Math.max(0, entry.expiresAt - now),
    token: envelope.token,
    noResponse: envelope.noResponse,
    block1: envelope.block1,
    contentFormat: envelope.request.contentFormat,
    name: fits ? name : "",
    reply: fits ? reply : noBytes
  }
}

/**
 * `count u8`, then each: `message id u16 | identity u64 | left ms u32 | No-Response u8 | Block1 u32 | Content-Format u32 | token |
 * name | reply u16`; token and name with their length in a byte, and all ones for an option that the request has not.
 */
export const encodeAcknowledgedEmpty = (list: ReadonlyArray<AcknowledgedEmpty>): Uint8Array => {
  const bytes = list.reduce(
    (sum, { name, reply, token }) => sum + fixedBytes + token.length + name.length + reply.length,
    1
  )
  const target = new Uint8Array(bytes)
  const view = new DataView(target.buffer)
  view.setUint8(0, list.length)
  let at = 1
  for (const { block1, contentFormat, identity, leftMillis, messageId, name, noResponse, reply, token } of list) {
    view.setUint16(at, messageId)
    view.setUint32(at + 2, Math.floor(identity / 0x1_0000_0000))
    view.setUint32(at + 6, identity % 0x1_0000_0000)
    view.setUint32(at + 10, leftMillis)
    view.setUint8(at + 14, noResponse)
    view.setUint32(at + 15, block1 === undefined ? absent : (block1.num << 4) | (block1.more ? 8 : 0) | block1.szx)
    view.setUint32(at + 19, contentFormat ?? absent)
    view.setUint8(at + 23, token.length)
    view.setUint8(at + 24, name.length)
    view.setUint16(at + 25, reply.length)
    at += fixedBytes
    target.set(token, at)
    at += token.length
    for (let index = 0; index < name.length; index += 1) target[at++] = name.charCodeAt(index)
    target.set(reply, at)
    at += reply.length
  }
  return target
}

/** Undefined if the bytes from `offset` on can't be what `encodeAcknowledgedEmpty` gives. None are an empty list. */
export const decodeAcknowledgedEmpty = (
  bytes: Uint8Array,
  offset: number
): ReadonlyArray<AcknowledgedEmpty> | undefined => {
  if (offset === bytes.length) return []
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const list: Array<AcknowledgedEmpty> = []
  let at = offset + 1
  const count = view.getUint8(offset)
  if (count === 0) return undefined
  for (let left = count; left > 0; left -= 1) {
    if (at + fixedBytes > bytes.length) return undefined
    const nameAt = at + fixedBytes + view.getUint8(at + 23)
    const replyAt = nameAt + view.getUint8(at + 24)
    const end = replyAt + view.getUint16(at + 25)
    if (end > bytes.length) return undefined
    const block = view.getUint32(at + 15)
    const contentFormat = view.getUint32(at + 19)
    list.push({
      messageId: view.getUint16(at),
      identity: view.getUint32(at + 2) * 0x1_0000_0000 + view.getUint32(at + 6),
      leftMillis: view.getUint32(at + 10),
      noResponse: view.getUint8(at + 14),
      block1: block === absent ? undefined : { num: block >>> 4, more: (block & 8) !== 0, szx: block & 7 },
      contentFormat: contentFormat === absent ? undefined : contentFormat,
      token: bytes.slice(at + fixedBytes, nameAt),
      name: String.fromCharCode(...bytes.subarray(nameAt, replyAt)),
      reply: bytes.slice(replyAt, end)
    })
    at = end
  }
  return at === bytes.length ? list : undefined
}

/** Another process needs these parts of such a request for its response. */
export const envelopeOf = (acknowledged: AcknowledgedEmpty): RequestEnvelope => {
  const { block1, contentFormat, messageId, noResponse, token } = acknowledged
  const request = { ...requestUnknown, messageId, token, contentFormat }
  return { request, token, block1, noResponse, block2: undefined, size1: undefined, requestTags: "" }
}

/** Those of `works` that another process acknowledged. */
export const owedOf = (works: ReadonlyArray<Work>): ReadonlyArray<Owed> =>
  works
    .filter(({ envelope }) => envelope.request.path === requestUnknown.path)
    .map(({ envelope: { request }, exchange, name, reply }) => ({ exchange, name, reply, request }))

const requestUnknown: Request = {
  code: Code.Empty,
  confirmable: true,
  messageId: 0,
  token: noBytes,
  path: [],
  query: [],
  contentFormat: undefined,
  accept: undefined,
  payload: noBytes
}
const fixedBytes = 27
const absent = 0xffff_ffff
const nameLengthMax = 255
/** Replies of EnOS to an uplink have some 40. */
const replyBytesMax = 256
