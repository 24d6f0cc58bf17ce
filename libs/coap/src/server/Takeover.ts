import { encodeEmpty } from "../Message.ts"
import {
  type AcknowledgedEmpty,
  acknowledgedEmpty,
  decodeAcknowledgedEmpty,
  encodeAcknowledgedEmpty,
  envelopeOf
} from "./AcknowledgedEmpty.ts"
import type { Remembered } from "./Remembered.ts"
import type { Work } from "./Working.ts"

// A session goes on in another process. Answered requests are known there by their message ids, and those that were acknowledged
// empty are owed an answer.

/** The bytes for `restoreExchanges`: `countMax` of the newest answered requests, with `replyBytesMax` of their replies, and `works`. */
export const serializeExchanges = (
  now: number,
  from: { readonly remembered: Remembered; readonly works: ReadonlyArray<Work> },
  limits: { readonly countMax: number; readonly replyBytesMax: number }
): Uint8Array => {
  const remembered = from.remembered.serialize(now, limits.countMax, limits.replyBytesMax)
  if (from.works.length === 0) return remembered
  const owed = encodeAcknowledgedEmpty(from.works.slice(-owedMax).map((work) => acknowledgedEmpty(now, work)))
  const bytes = new Uint8Array(remembered.length + owed.length)
  bytes.set(remembered)
  bytes.set(owed, remembered.length)
  return bytes
}

/** Fills `remembered`, and gives the requests that are owed an answer; undefined if the bytes are not from `serializeExchanges`. */
export const restoreExchanges = (
  now: number,
  bytes: Uint8Array,
  remembered: Remembered
): ReadonlyArray<Omit<Work, "exchange">> | undefined => {
  let owed: ReadonlyArray<AcknowledgedEmpty> | undefined
  remembered.restore(bytes, (end) => (owed = decodeAcknowledgedEmpty(bytes, end)) !== undefined)
  return owed?.map((acknowledged) => {
    const { identity, leftMillis, messageId, name, reply } = acknowledged
    const entry =
      remembered.find(now, messageId, identity) ?? remembered.add(messageId, identity, true, now + leftMillis)
    entry.answered = false
    if (entry.reply === undefined) remembered.setReply(entry, encodeEmpty("ACK", messageId))
    return { entry, envelope: envelopeOf(acknowledged), ackAt: Infinity, name, reply, last: undefined }
  })
}

/** In one state: as many as wait at the application and for their ACK. */
const owedMax = 16
