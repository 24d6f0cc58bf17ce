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
 * - `Ignored`: nothing new, empty, too far ahead, too large, or at odds with an earlier fragment
 */
export type ReassemblyOutcome = "Kept" | "Past" | "Ignored"

/**
 * Puts handshake messages together and in order: fragments of any size, repeated, overlapping, in any order
 * (RFC 6347 §4.2.2, §4.2.3). Fragments that contradict the first one of their message are ignored, as are overlaps with
 * other content: the message then completes by an honest retransmission (F3, F4).
 */
export class Reassembly {
  readonly #limits: ReassemblyLimits
  readonly #partials = new Map<number, PartialMessage>()
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
    let partial = this.#partials.get(messageSeq)
    if (partial === undefined) {
      if (fragment.fragment.length === 0 && length > 0) return "Ignored"
      partial = new PartialMessage(fragment.type, length)
      this.#partials.set(messageSeq, partial)
      if (length === 0) return "Kept"
    }
    if (partial.type !== fragment.type || partial.body.length !== length) return "Ignored"
    return partial.add(fragment) ? "Kept" : "Ignored"
  }

  /** The next message in order, if it is complete. Its body is a copy of its own. */
  take(): HandshakeMessage | undefined {
    const partial = this.#partials.get(this.#nextSeq)
    if (partial === undefined || partial.missing > 0) return undefined
    this.#partials.delete(this.#nextSeq)
    return { type: partial.type, messageSeq: this.#nextSeq++, body: partial.body }
  }
}

/** A message of which some bytes are known. */
class PartialMessage {
  readonly type: number
  readonly body: Uint8Array
  /** One byte per byte of body: messages are small and short-lived. */
  readonly #known: Uint8Array
  missing: number

  constructor(type: number, length: number) {
    this.type = type
    this.body = new Uint8Array(length)
    this.#known = new Uint8Array(length)
    this.missing = length
  }

  /** False if nothing was new, or if it contradicts what is known; then nothing was taken over. */
  add({ fragment, fragmentOffset }: HandshakeFragment): boolean {
    for (let i = 0; i < fragment.length; i++) {
      const at = fragmentOffset + i
      if (this.#known[at] === 1 && this.body[at] !== fragment[i]) return false
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
    return this.missing < before
  }
}
