import type { LibcSockets } from "./LibcSockets.ts"
import { socketAddressBytesMax } from "./SocketAddress.ts"

/**
 * An array of `struct mmsghdr` (recvmmsg(2)) with an address and a body for each, in one piece of memory that the kernel
 * reads and writes. The pointers in it are written once.
 *
 *     0 name  8 name length  16 iovec  24 its length  32 control  40 its length  48 flags | 56 bytes received | 64
 */
export class MessageTable {
  readonly bytes: Uint8Array
  /** The same memory as 32-bit words. */
  readonly words: Uint32Array
  /** Of the first message. */
  readonly address: bigint
  readonly #namesAt: number
  readonly #bodiesAt: number
  readonly #bodyStride: number

  constructor(libc: LibcSockets, count: number, bodyBytesMax: number) {
    const vectorsAt = count * messageBytes
    this.#namesAt = vectorsAt + count * vectorBytes
    this.#bodiesAt = this.#namesAt + count * nameStride
    // Bodies a power of two apart would share a few lines of the processor's caches.
    this.#bodyStride = Math.ceil(bodyBytesMax / 64) * 64 + 192
    const memory = new ArrayBuffer(this.#bodiesAt + count * this.#bodyStride)
    this.bytes = new Uint8Array(memory)
    this.words = new Uint32Array(memory)
    this.address = libc.addressOf(memory)
    const view = new DataView(memory)
    const pointer = (at: number, to: number): void => view.setBigUint64(at, this.address + BigInt(to), true)
    for (let i = 0; i < count; i++) {
      const [message, vector] = [i * messageBytes, vectorsAt + i * vectorBytes]
      pointer(message, this.nameAt(i))
      view.setUint32(message + 8, socketAddressBytesMax, true)
      pointer(message + 16, vector)
      view.setUint32(message + 24, 1, true)
      pointer(vector, this.bodyAt(i))
      view.setUint32(vector + 8, bodyBytesMax, true)
    }
    this.#bodyLengthWord = (vectorsAt + 8) / 4
  }
  readonly #bodyLengthWord: number

  /** Where its address lies in `bytes`. */
  nameAt(message: number): number {
    return this.#namesAt + message * nameStride
  }

  /** Where its body lies in `bytes`. */
  bodyAt(message: number): number {
    return this.#bodiesAt + message * this.#bodyStride
  }

  /** A pointer to the messages from this one on. */
  addressFrom(message: number): bigint {
    return message === 0 ? this.address : this.address + BigInt(message * messageBytes)
  }

  /** The length of the address: what there is room for before, what was written after the kernel received. */
  setNameLength(message: number, bytes: number): void {
    this.words[message * messageWords + 2] = bytes
  }

  bodyLength(message: number): number {
    return this.words[this.#bodyLengthWord + message * vectorWords]!
  }

  setBodyLength(message: number, bytes: number): void {
    this.words[this.#bodyLengthWord + message * vectorWords] = bytes
  }

  /** Bytes of the body that the kernel wrote. */
  receivedLength(message: number): number {
    return this.words[message * messageWords + 14]!
  }

  /** The kernel had more bytes than there was room for. */
  isTruncated(message: number): boolean {
    return (this.words[message * messageWords + 12]! & MSG_TRUNC) !== 0
  }
}

const messageBytes = 64
const messageWords = 16
/** `struct iovec`: pointer and length. */
const vectorBytes = 16
const vectorWords = 4
const nameStride = 32
/** Of linux/socket.h. */
const MSG_TRUNC = 0x20
