/** One message of the client. Duplicates of it are recognised until `expiresAt` (RFC 7252 §4.5). */
export interface Entry {
  readonly messageId: number
  /** `messageIdentity`: of several messages with one id each has its own entry. */
  readonly identity: number
  readonly confirmable: boolean
  readonly expiresAt: number
  /** Of a session that this one resumed: `expiresAt` is MAX_TRANSMIT_WAIT after it came. */
  readonly inherited: boolean
  /** False while the request is at the application: until then it is not forgotten. */
  answered: boolean
  /** The answer to a duplicate: bytes as a string of code units 0 to 255. */
  reply: string | undefined
}

/**
 * The client's recent message ids, oldest first. Lists and no map: a session has few, and an idle device should cost next to
 * nothing. The ids have a list of their own, because a search through the entries would touch 64 scattered objects per request.
 */
export class Remembered {
  readonly #countMax: number
  readonly #replyBytesMax: number
  readonly #entries: Array<Entry> = []
  /** `messageId` of each entry, at the same index. */
  readonly #messageIds: Array<number> = []
  #replyBytes = 0

  constructor(countMax: number, replyBytesMax: number) {
    this.#countMax = countMax
    this.#replyBytesMax = replyBytesMax
  }

  get replyBytes(): number {
    return this.#replyBytes
  }

  get deadline(): number {
    return this.#entries.length === 0 ? Infinity : this.#entries[0]!.expiresAt
  }

  find(now: number, messageId: number, identity: number): Entry | undefined {
    let index = this.#messageIds.indexOf(messageId)
    while (index !== -1) {
      const entry = this.#entries[index]!
      if (entry.identity === identity && entry.expiresAt > now) return entry
      index = this.#messageIds.indexOf(messageId, index + 1)
    }
    return undefined
  }

  /** The message is not known yet. */
  add(messageId: number, identity: number, confirmable: boolean, expiresAt: number): Entry {
    if (this.#entries.length >= this.#countMax) this.#forgetOldestAnswered()
    const entry: Entry = {
      messageId,
      identity,
      confirmable,
      expiresAt,
      inherited: false,
      answered: false,
      reply: undefined
    }
    this.#entries.push(entry)
    this.#messageIds.push(messageId)
    return entry
  }

  /**
   * Takes over from the instance of the device's session before what is good at `now` when each entry is so for
   * `shorterMillis` less. Without `replies`, which belong to their session, all of it; with them what was answered, unless
   * in more than `messageBytesMax`.
   */
  inherit(now: number, from: Remembered, shorterMillis: number, replies: boolean, messageBytesMax = Infinity): void {
    for (const entry of from.#entries) {
      const expiresAt = entry.inherited ? entry.expiresAt : entry.expiresAt - shorterMillis
      if (expiresAt <= now || (replies && (!entry.answered || (entry.reply?.length ?? 0) > messageBytesMax))) continue
      const reply = replies ? entry.reply : undefined
      this.#entries.push({ ...entry, expiresAt, inherited: shorterMillis > 0, answered: true, reply })
      this.#messageIds.push(entry.messageId)
      this.#replyBytes += reply?.length ?? 0
    }
  }

  setReply(entry: Entry, bytes: Uint8Array): void {
    this.#dropReply(entry)
    entry.reply = pack(bytes)
    this.#replyBytes += bytes.length
    for (let index = 0; this.#replyBytes > this.#replyBytesMax && index < this.#entries.length; index += 1) {
      const other = this.#entries[index]!
      if (other !== entry && other.answered) this.#dropReply(other)
    }
  }

  /** From the oldest on: a NON behind a CON may stay a little longer than it counts. */
  expire(now: number): void {
    while (this.#entries.length > 0 && this.#entries[0]!.expiresAt <= now) this.#remove(0)
  }

  /**
   * The newest answered exchanges, for another process: `count u8` and then `message id u16 | flags u8 | expires at u48 |
   * length u16 | identity u64 | reply` each, oldest first. Replies beyond `replyBytesMax` in all are left out, ids are kept.
   */
  serialize(now: number, countMax: number, replyBytesMax: number): Uint8Array {
    const kept: Array<{ readonly entry: Entry; readonly reply: string | undefined }> = []
    let bytes = 0
    for (let index = this.#entries.length - 1; index >= 0 && kept.length < Math.min(countMax, 255); index -= 1) {
      const entry = this.#entries[index]!
      // A request at the application has no outcome yet: a copy of it is to be executed by whoever gets it.
      if (!entry.answered || entry.expiresAt <= now) continue
      const fits = entry.reply !== undefined && bytes + entry.reply.length <= replyBytesMax
      if (fits) bytes += entry.reply!.length
      kept.unshift({ entry, reply: fits ? entry.reply : undefined })
    }
    const target = new DataView(new ArrayBuffer(1 + kept.length * entryBytes + bytes))
    target.setUint8(0, kept.length)
    let at = 1
    for (const { entry, reply } of kept) {
      target.setUint16(at, entry.messageId)
      target.setUint8(at + 2, (entry.confirmable ? confirmableFlag : 0) | (reply === undefined ? 0 : replyFlag))
      target.setUint16(at + 3, Math.floor(entry.expiresAt / 0x1_0000_0000))
      target.setUint32(at + 5, entry.expiresAt % 0x1_0000_0000)
      target.setUint16(at + 9, reply?.length ?? 0)
      target.setUint32(at + 11, Math.floor(entry.identity / 0x1_0000_0000))
      target.setUint32(at + 15, entry.identity % 0x1_0000_0000)
      at += entryBytes
      if (reply === undefined) continue
      for (let index = 0; index < reply.length; index += 1) target.setUint8(at++, reply.charCodeAt(index))
    }
    return new Uint8Array(target.buffer)
  }

  /** Takes over what `serialize` wrote if `accepts` takes what stands behind it; otherwise nothing changes. */
  restore(bytes: Uint8Array, accepts: (end: number) => boolean): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    const entries: Array<Entry> = []
    if (bytes.length === 0) return
    let at = 1
    for (let left = bytes[0]!; left > 0; left -= 1) {
      if (at + entryBytes > bytes.length) return
      const flags = view.getUint8(at + 2)
      const end = at + entryBytes + view.getUint16(at + 9)
      if (end > bytes.length) return
      entries.push({
        messageId: view.getUint16(at),
        identity: view.getUint32(at + 11) * 0x1_0000_0000 + view.getUint32(at + 15),
        confirmable: (flags & confirmableFlag) !== 0,
        expiresAt: view.getUint16(at + 3) * 0x1_0000_0000 + view.getUint32(at + 5),
        inherited: false,
        answered: true,
        reply: (flags & replyFlag) === 0 ? undefined : pack(bytes.subarray(at + entryBytes, end))
      })
      at = end
    }
    if (!accepts(at)) return
    for (const entry of entries) {
      if (this.find(0, entry.messageId, entry.identity) !== undefined) continue
      if (this.#entries.length >= this.#countMax) this.#remove(0)
      this.#entries.push(entry)
      this.#messageIds.push(entry.messageId)
      this.#replyBytes += entry.reply?.length ?? 0
    }
  }

  #forgetOldestAnswered(): void {
    const index = this.#entries.findIndex(({ answered }) => answered)
    if (index !== -1) this.#remove(index)
  }

  #remove(index: number): void {
    this.#dropReply(this.#entries[index]!)
    if (index === 0) {
      this.#entries.shift()
      this.#messageIds.shift()
    } else {
      this.#entries.splice(index, 1)
      this.#messageIds.splice(index, 1)
    }
  }

  #dropReply(entry: Entry): void {
    if (entry.reply === undefined) return
    this.#replyBytes -= entry.reply.length
    entry.reply = undefined
  }
}

/** Of a serialised entry, without its reply. */
const entryBytes = 19
const confirmableFlag = 1
const replyFlag = 2

export const unpack = (packed: string): Uint8Array => {
  const bytes = new Uint8Array(packed.length)
  for (let index = 0; index < packed.length; index += 1) bytes[index] = packed.charCodeAt(index)
  return bytes
}

/**
 * A one-byte string is 16 bytes and its content, made in 0.06 µs. A Uint8Array of its own is some 200 bytes and 1.1 µs. A view
 * would keep the whole block alive that the message was encoded into.
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
