import { copyBytes } from "../internal/bytes.ts"
import type { HandshakeFragment, HandshakeMessage } from "./Header.ts"

/** Bounds of what an unauthenticated peer can make us keep (F2). */
export interface ReassemblyLimits {
  /** Largest message, in bytes of body. */
  readonly messageBytesMax: number
  /** How many messages ahead of the next one are kept. */
  readonly messagesAheadMax: number
}

/**
 * - `Kept`: new content; ask `take` for messages that are complete
 * - `Past`: of a message that was taken before: the peer repeats its flight
 * - `Ignored`: nothing new, empty, too far ahead or too large
 * - `Contradicts`: ignored, as it is at odds with an earlier fragment: one of the two is forged or damaged
 */
export type ReassemblyOutcome = "Kept" | "Past" | "Ignored" | "Contradicts"

/**
 * Puts handshake messages together and in order: fragments of any size, repeated, overlapping, in any order
 * (RFC 6347 §4.2.2, §4.2.3). Fragments that contradict the first one of their message are ignored, as are overlaps with
 * other content. The message then completes by an honest retransmission (F3, F4).
 */
export class Reassembly {
  readonly #limits: ReassemblyLimits
  /** Of messages ahead of the next one. */
  #ahead: Map<number, PartialMessage> | undefined
  #next: PartialMessage | undefined
  #nextSeq: number

  constructor(limits: ReassemblyLimits, nextSeq = 0) {
    this.#limits = limits
    this.#nextSeq = nextSeq
  }

  /** message_seq of the message that `take` yields next. */
  get nextSeq(): number {
    return this.#nextSeq
  }

  add(fragment: HandshakeFragment): ReassemblyOutcome {
    const { messageSeq, length } = fragment
    if (messageSeq < this.#nextSeq) return "Past"
    if (messageSeq > this.#nextSeq + this.#limits.messagesAheadMax) return "Ignored"
    if (length > this.#limits.messageBytesMax) return "Ignored"
    const isNext = messageSeq === this.#nextSeq
    let partial = isNext ? this.#next : this.#ahead?.get(messageSeq)
    if (partial === undefined) {
      if (fragment.fragment.length === 0 && length > 0) return "Ignored"
      partial = new PartialMessage(fragment)
      if (isNext) this.#next = partial
      else (this.#ahead ??= new Map()).set(messageSeq, partial)
      if (partial.missing === 0) return "Kept"
    }
    if (partial.type !== fragment.type || partial.body.length !== length) return "Contradicts"
    return partial.add(fragment)
  }

  /** The next message in order, if it is complete. Its body is a copy of its own. */
  take(): HandshakeMessage | undefined {
    const partial = this.#next
    if (partial === undefined || partial.missing > 0) return undefined
    const messageSeq = this.#nextSeq++
    this.#next = this.#ahead?.get(this.#nextSeq)
    if (this.#next !== undefined) this.#ahead?.delete(this.#nextSeq)
    return { type: partial.type, messageSeq, body: partial.body }
  }
}

/** A message of which some bytes are known. */
class PartialMessage {
  readonly type: number
  readonly body: Uint8Array
  /** One byte per byte of body: messages are small and short-lived. Undefined while all of it came at once. */
  #known: Uint8Array | undefined
  missing: number

  /** Of its first fragment, which `add` has to be told of as well unless it is all of the message. */
  constructor({ fragment, length, type }: HandshakeFragment) {
    this.type = type
    if (fragment.length === length) {
      this.body = copyBytes(fragment)
      this.missing = 0
      return
    }
    this.body = new Uint8Array(length)
    this.#known = new Uint8Array(length)
    this.missing = length
  }

  /** Nothing is taken over of what contradicts what is known. */
  add({ fragment, fragmentOffset }: HandshakeFragment): "Kept" | "Ignored" | "Contradicts" {
    // Nothing is missing: it repeats or contradicts, and neither is taken over.
    if (this.#known === undefined) return "Ignored"
    for (let i = 0; i < fragment.length; i++) {
      const at = fragmentOffset + i
      if (this.#known[at] === 1 && this.body[at] !== fragment[i]) return "Contradicts"
    }
    const before = this.missing
    for (let i = 0; i < fragment.length; i++) {
      const at = fragmentOffset + i
      if (this.#known[at] === 0) {
        this.#known[at] = 1
        this.body[at] = fragment[i]!
        this.missing--
      }
    }
    return this.missing < before ? "Kept" : "Ignored"
  }
}
