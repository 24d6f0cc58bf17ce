import { PeerAddress, peerAddressLength, readPeerAddress, writePeerAddress } from "./PeerAddress.ts"

/** The kind of an entry of a frame (docs/architecture.md §2). */
export const FrameKind = {
  Datagram: 1,
  HalfHandshake: 2,
  ResumeHello: 3,
  Unrouted: 4,
  ForwardedDatagram: 5,
  ForwardedHalfHandshake: 6,
  RepeatedHalfHandshake: 7,
  RepeatedResumeHello: 8,
  Send: 16,
  Route: 17,
  Doubt: 18,
  ResumeTaken: 19,
  ResumeUnknown: 20,
  RouteById: 21,
  Claim: 22,
  Stray: 32
} as const
export type FrameKind = (typeof FrameKind)[keyof typeof FrameKind]

/** Bytes after which a frame should be sent: well below the 1 MiB that a nats-server takes by default. */
export const frameBytesTarget = 256 * 1024

/** Bytes of one entry's body: a UDP datagram, or a half handshake with the records it buffered. */
export const frameEntryBytesMax = 128 * 1024

/** First byte of every frame. */
const frameVersion = 1
const kinds: ReadonlySet<number> = new Set(Object.values(FrameKind))

/** Why a frame can't be read, where a newer app wrote it; undefined for all others, whatever is wrong with them. */
export const frameVersionFault = ([version]: Uint8Array): string | undefined =>
  version === undefined || version <= frameVersion
    ? undefined
    : `it has version ${version}, and this app reads version ${frameVersion}: a newer Roost wrote it. Update this app`

/** Collects entries for one destination, in a buffer that is used again for the next frame. */
export class FrameWriter {
  #bytes = new Uint8Array(4096)
  #view = new DataView(this.#bytes.buffer)
  #length: number
  readonly #headerLength: number
  /** Entries since the last `take`. */
  entries = 0

  /** `origin`: the edge or node id of the sender, at most 64 ASCII characters. */
  constructor(origin: string) {
    if (origin.length > 64) throw new RangeError("an origin has at most 64 characters")
    this.#bytes[0] = frameVersion
    this.#bytes[1] = origin.length
    for (let i = 0; i < origin.length; i++) this.#bytes[2 + i] = origin.charCodeAt(i)
    this.#headerLength = 2 + origin.length
    this.#length = this.#headerLength
  }

  get length(): number {
    return this.#length
  }

  add(kind: FrameKind, partition: number, peer: PeerAddress, body: Uint8Array): void {
    const offset = this.reserve(kind, partition, peer, body.length)
    this.#bytes.set(body, offset)
    this.commit(body.length)
  }

  /**
   * Starts an entry whose body, at most `bodyLengthMax` bytes, the caller writes into `buffer` at the returned offset.
   * So a record can be sealed in place. `commit` ends it. `buffer` may be another one after
   * every call.
   */
  reserve(kind: FrameKind, partition: number, peer: PeerAddress, bodyLengthMax: number): number {
    if (bodyLengthMax > frameEntryBytesMax) throw new RangeError("frame entry too long")
    this.#grow(this.#length + 3 + peerAddressLength(peer) + 4 + bodyLengthMax)
    let at = this.#length
    this.#bytes[at] = kind
    this.#view.setUint16(at + 1, partition)
    at = writePeerAddress(this.#bytes, at + 3, peer)
    this.#reservedAt = at
    return at + 4
  }
  #reservedAt = 0

  get buffer(): Uint8Array {
    return this.#bytes
  }

  commit(bodyLength: number): void {
    this.#view.setUint32(this.#reservedAt, bodyLength)
    this.#length = this.#reservedAt + 4 + bodyLength
    this.entries++
  }

  /** The frame so far, as a copy; the writer is empty again. */
  take(): Uint8Array {
    return this.takeView().slice()
  }

  /** The frame so far, good until the next entry begins; the writer is empty again. */
  takeView(): Uint8Array {
    const frame = this.#bytes.subarray(0, this.#length)
    this.#length = this.#headerLength
    this.entries = 0
    return frame
  }

  #grow(needed: number): void {
    if (needed <= this.#bytes.length) return
    const larger = new Uint8Array(Math.max(needed, this.#bytes.length * 2))
    larger.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = larger
    this.#view = new DataView(larger.buffer)
  }
}

/**
 * Walks the entries of a frame without copying: after `next()` returned true, the fields describe one entry and
 * `body` is a view of it. A frame that is not well-formed ends the walk and sets `malformed`; entries before the
 * fault stand.
 */
export class FrameReader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  #at: number
  readonly origin: string
  malformed = false
  kind: FrameKind = FrameKind.Datagram
  partition = 0
  peer: PeerAddress = noPeer
  body: Uint8Array = noBytes

  constructor(bytes: Uint8Array) {
    // A plain array even where the bus gives Buffers, whose `slice` does not copy.
    this.#bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const originLength = bytes[1] ?? 0
    if (bytes[0] !== frameVersion || originLength > 64 || bytes.length < 2 + originLength) {
      this.malformed = true
      this.origin = ""
      this.#at = bytes.length
      return
    }
    let origin = ""
    for (let i = 0; i < originLength; i++) origin += String.fromCharCode(bytes[2 + i]!)
    this.origin = origin
    this.#at = 2 + originLength
  }

  next(): boolean {
    const bytes = this.#bytes
    if (this.#at >= bytes.length) return false
    const peer = readPeerAddress(bytes, this.#at + 3)
    const kind = bytes[this.#at]!
    if (peer === undefined || !kinds.has(kind)) return this.#fail()
    const lengthAt = this.#at + 3 + peerAddressLength(peer)
    if (lengthAt + 4 > bytes.length) return this.#fail()
    const length = this.#view.getUint32(lengthAt)
    if (lengthAt + 4 + length > bytes.length) return this.#fail()
    this.kind = kind as FrameKind
    this.partition = this.#view.getUint16(this.#at + 1)
    this.peer = peer
    this.body = bytes.subarray(lengthAt + 4, lengthAt + 4 + length)
    this.#at = lengthAt + 4 + length
    return true
  }

  #fail(): false {
    this.malformed = true
    this.#at = this.#bytes.length
    return false
  }
}

const noPeer = new PeerAddress(0)
const noBytes = new Uint8Array(0)
