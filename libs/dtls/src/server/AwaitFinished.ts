import type { Crypto } from "../Crypto.ts"
import { HandshakeType, readHandshakeFragment } from "../handshake/Header.ts"
import { Reassembly } from "../handshake/Reassembly.ts"
import { constantTimeEqual, copyBytes, equalBytes } from "../internal/bytes.ts"
import { verifyDataBytes } from "../KeySchedule.ts"
import type { BackHalfLimits } from "../Limits.ts"
import { ContentType, isDtlsVersion, readRecord, type RecordView } from "../record/Header.ts"
import { openRecord } from "../record/Protection.ts"
import { isReplay, markReceived } from "../record/ReplayWindow.ts"
import { changeCipherSpec, type Session, sessionEpoch } from "../Session.ts"

/**
 * Why a handshake did not complete. The handshake stays as it was: what failed may have been forged, and an honest
 * repetition may still come. Nothing is sent (RFC 6347 §4.1.2.7), so a wrong key is silence.
 */
export type RejectReason =
  /** A record in epoch 1 that the derived keys do not open: the peer has another key, or it is a forgery. */
  | "RecordUnverifiable"
  /** Opened with the right keys, but verify_data differs: the peer saw another handshake. */
  | "VerifyDataMismatch"
  /** Protected, but no Finished where one has to be. */
  | "UnexpectedHandshake"
  | "BufferFull"

export type FinishedOutcome = "NeedMore" | "Verified" | RejectReason

/**
 * Reads the client's ChangeCipherSpec and Finished with the keys of a session to be. Both may come in any order, repeated
 * and in pieces; a Finished counts only if it is protected and ChangeCipherSpec was seen (D1).
 */
export class AwaitFinished {
  readonly #session: Session
  readonly #expected: Uint8Array
  readonly #limits: BackHalfLimits
  readonly #reassembly: Reassembly
  #changed = false
  #seen = false
  #held: Array<Uint8Array> = []
  #heldBytes = 0

  /** `verifyData` is what the client's Finished has to contain, `messageSeq` its number. */
  constructor(session: Session, verifyData: Uint8Array, messageSeq: number, limits: BackHalfLimits) {
    this.#session = session
    this.#expected = verifyData
    this.#limits = limits
    this.#reassembly = new Reassembly({ messageBytesMax: verifyDataBytes, messagesAheadMax: 0 }, messageSeq)
  }

  /** Whether a protected record came that the keys open, or that waits to be opened. */
  get seen(): boolean {
    return this.#seen
  }

  /** Protected records that came before or behind Finished and are the session's to open, in order. */
  get early(): ReadonlyArray<Uint8Array> {
    return this.#held
  }

  /** The records of a datagram; the worst that happened to one of them, unless Finished verified. */
  handle(crypto: Crypto, datagram: Uint8Array): FinishedOutcome {
    let outcome: FinishedOutcome = "NeedMore"
    let verified = false
    for (let offset = 0; offset < datagram.length;) {
      const record = readRecord(datagram, offset, this.#session.readCidLength)
      if (record === undefined) break
      if (isChangeCipherSpec(record)) {
        if (!this.#changed) {
          this.#changed = true
          // The waiting datagrams make room for a new one.
          const ofHeld = this.#openHeld(crypto)
          if (ofHeld === "Verified") verified = true
          else if (ofHeld !== "NeedMore") outcome = ofHeld
        }
      } else if (record.epoch === sessionEpoch) {
        // The waiting datagrams were first; with nothing waiting a record need not be copied to be opened.
        const opened = verified || !this.#changed || this.#held.length > 0 ? "NotHandshake" : this.#open(crypto, record)
        if (opened === "NotHandshake") {
          // Data of a session before this one, which has another id, tells nothing of this handshake.
          if (hasCidOf(this.#session, record) && !this.#hold(datagram.subarray(offset, record.next)))
            outcome = "BufferFull"
        } else if (opened === "Verified") verified = true
        else if (opened !== "NeedMore") outcome = opened
      }
      offset = record.next
    }
    if (verified || !this.#changed || this.#held.length === 0) return verified ? "Verified" : outcome
    const ofHeld = this.#openHeld(crypto)
    return ofHeld === "NeedMore" ? outcome : ofHeld
  }

  /** Opens what waited for ChangeCipherSpec; what is no handshake record goes on waiting. */
  #openHeld(crypto: Crypto): FinishedOutcome {
    let outcome: FinishedOutcome = "NeedMore"
    let verified = false
    const held = this.#held
    this.#held = []
    this.#heldBytes = 0
    for (const bytes of held) {
      const record = readRecord(bytes, 0, this.#session.readCidLength)!
      const opened = verified ? "NotHandshake" : this.#open(crypto, record)
      if (opened === "NotHandshake") this.#hold(bytes)
      else if (opened === "Verified") verified = true
      else if (opened !== "NeedMore") outcome = opened
    }
    return verified ? "Verified" : outcome
  }

  /** `NotHandshake` leaves the replay window alone, so that the session can open the record afterwards. */
  #open(crypto: Crypto, record: RecordView): FinishedOutcome | "NotHandshake" {
    const session = this.#session
    if (!isDtlsVersion(record.version) || !hasCidOf(session, record)) return "RecordUnverifiable"
    if (isReplay(session, record.sequence)) return "NeedMore"
    const plaintext = openRecord(crypto, session.readKeys, record)
    if (plaintext === undefined) return "RecordUnverifiable"
    this.#seen = true
    if (plaintext.contentType !== ContentType.handshake) return "NotHandshake"
    markReceived(session, record.sequence)
    return this.#handleFragments(plaintext.fragment)
  }

  #handleFragments(content: Uint8Array): FinishedOutcome {
    for (let at = 0; at < content.length;) {
      const fragment = readHandshakeFragment(content, at)
      if (fragment === undefined || fragment.type !== HandshakeType.finished) return "UnexpectedHandshake"
      at = fragment.next
      this.#reassembly.add(fragment)
    }
    const message = this.#reassembly.take()
    if (message === undefined) return "NeedMore"
    return constantTimeEqual(message.body, this.#expected) ? "Verified" : "VerifyDataMismatch"
  }

  #hold(record: Uint8Array): boolean {
    if (this.#heldBytes + record.length > this.#limits.pendingBytesMax) return false
    this.#seen = true
    this.#held.push(copyBytes(record))
    this.#heldBytes += record.length
    return true
  }
}

/** A record without an id where one was negotiated is not the session's either. */
function hasCidOf(session: Session, { cid }: RecordView): boolean {
  return cid.length === session.readCidLength && session.hasReadCid(cid, 0)
}

function isChangeCipherSpec(record: RecordView): boolean {
  return (
    record.contentType === ContentType.change_cipher_spec &&
    record.epoch === 0 &&
    equalBytes(record.fragment, changeCipherSpec)
  )
}
