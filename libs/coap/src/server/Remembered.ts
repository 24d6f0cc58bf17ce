import type { RequestEnvelope } from "../Request.ts"

/** A request at the application. */
export interface Pending {
  readonly envelope: RequestEnvelope
  /** When the empty ACK is due; Infinity once sent, and for a NON. */
  ackAt: number
}

/** One message id of the client. Duplicates are recognised by it until `expiresAt` (RFC 7252 §4.5). */
export interface Entry {
  readonly messageId: number
  readonly exchange: number
  readonly confirmable: boolean
  readonly expiresAt: number
  pending: Pending | undefined
  /** What a duplicate is answered with: bytes as a string of code units 0 to 255. */
  reply: string | undefined
}

/**
 * The client's recent message ids, oldest first. A list and no map: a session has few, the newest is wanted as good as always,
 * and an idle device should cost next to nothing.
 */
export class Remembered {
  readonly #countMax: number
  readonly #replyBytesMax: number
  readonly #entries: Array<Entry> = []
  #replyBytes = 0
  #pendingCount = 0

  constructor(countMax: number, replyBytesMax: number) {
    this.#countMax = countMax
    this.#replyBytesMax = replyBytesMax
  }

  get size(): number {
    return this.#entries.length
  }

  get replyBytes(): number {
    return this.#replyBytes
  }

  get pendingCount(): number {
    return this.#pendingCount
  }

  /** The next moment at which something is due: an empty ACK or the end of an entry. */
  get deadline(): number {
    let at = this.#entries.length === 0 ? Infinity : this.#entries[0]!.expiresAt
    if (this.#pendingCount > 0) for (const entry of this.#entries) at = Math.min(at, entry.pending?.ackAt ?? Infinity)
    return at
  }

  find(now: number, messageId: number): Entry | undefined {
    for (let index = this.#entries.length - 1; index >= 0; index -= 1) {
      const entry = this.#entries[index]!
      if (entry.messageId === messageId) return entry.expiresAt > now ? entry : undefined
    }
    return undefined
  }

  findPending(exchange: number): Entry | undefined {
    for (let index = this.#entries.length - 1; index >= 0; index -= 1) {
      const entry = this.#entries[index]!
      if (entry.exchange === exchange) return entry.pending === undefined ? undefined : entry
    }
    return undefined
  }

  add(messageId: number, exchange: number, confirmable: boolean, expiresAt: number): Entry {
    if (this.#entries.length >= this.#countMax) this.#forgetOldestAnswered()
    const entry: Entry = { messageId, exchange, confirmable, expiresAt, pending: undefined, reply: undefined }
    this.#entries.push(entry)
    return entry
  }

  setPending(entry: Entry, pending: Pending): void {
    entry.pending = pending
    this.#pendingCount += 1
  }

  clearPending(entry: Entry): void {
    if (entry.pending === undefined) return
    entry.pending = undefined
    this.#pendingCount -= 1
  }

  setReply(entry: Entry, bytes: Uint8Array): void {
    this.#dropReply(entry)
    entry.reply = pack(bytes)
    this.#replyBytes += bytes.length
    for (let index = 0; this.#replyBytes > this.#replyBytesMax && index < this.#entries.length; index += 1) {
      const other = this.#entries[index]!
      if (other !== entry && other.pending === undefined) this.#dropReply(other)
    }
  }

  /** Empty ACKs that are due. */
  dueAcks(now: number): ReadonlyArray<Entry> {
    if (this.#pendingCount === 0) return []
    return this.#entries.filter((entry) => entry.pending !== undefined && entry.pending.ackAt <= now)
  }

  /** Entries expire from the oldest on; a NON behind a CON may stay a little longer than it counts. */
  expire(now: number): void {
    let count = 0
    while (count < this.#entries.length && this.#entries[count]!.expiresAt <= now) {
      this.#release(this.#entries[count]!)
      count += 1
    }
    if (count > 0) this.#entries.splice(0, count)
  }

  #forgetOldestAnswered(): void {
    const index = this.#entries.findIndex((entry) => entry.pending === undefined)
    if (index === -1) return
    this.#release(this.#entries[index]!)
    this.#entries.splice(index, 1)
  }

  #release(entry: Entry): void {
    this.clearPending(entry)
    this.#dropReply(entry)
  }

  #dropReply(entry: Entry): void {
    if (entry.reply === undefined) return
    this.#replyBytes -= entry.reply.length
    entry.reply = undefined
  }
}

export const unpack = (packed: string): Uint8Array => {
  const bytes = new Uint8Array(packed.length)
  for (let index = 0; index < packed.length; index += 1) bytes[index] = packed.charCodeAt(index)
  return bytes
}

/**
 * A one-byte string is 16 bytes and its content, made in 0.06 µs; a Uint8Array of its own is some 200 bytes and 1.1 µs, and a
 * view would keep the whole block alive that the message was encoded into.
 */
const pack = (bytes: Uint8Array): string => {
  let packed = ""
  for (let at = 0; at < bytes.length; at += packChunkBytes) {
    packed += String.fromCharCode.apply(null, bytes.subarray(at, at + packChunkBytes) as unknown as Array<number>)
  }
  return packed
}

/** Well under the number of arguments that any engine takes. */
const packChunkBytes = 4096
