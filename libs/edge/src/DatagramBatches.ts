import type { PeerAddress } from "@roost/contracts"
import type { LibcSockets } from "./LibcSockets.ts"
import { MessageTable } from "./MessageTable.ts"
import {
  readSocketAddress,
  type SocketFamily,
  socketAddressBytes,
  socketAddressBytesMax,
  writeSocketAddress
} from "./SocketAddress.ts"

/** How many datagrams, and how large, one call of the kernel takes or brings. */
export interface BatchLimits {
  readonly receivedMax: number
  /** Bytes; a longer datagram is cut off by the kernel and not delivered. */
  readonly receivedBytesMax: number
  readonly sentMax: number
  /** Bytes; a longer datagram has to be sent otherwise. */
  readonly sentBytesMax: number
}

/** Receives any UDP datagram (65 507 bytes at most); memory that no datagram reached has no pages behind it. */
export const batchLimits: BatchLimits = {
  receivedMax: 256,
  receivedBytesMax: 0x1_0000,
  sentMax: 256,
  sentBytesMax: 2048
}

/** The bytes are good during the call only. */
export type DatagramCallback = (peer: PeerAddress, datagram: Uint8Array) => void

/**
 * Many datagrams with one call of the kernel: recvmmsg(2) and sendmmsg(2) on the descriptor of a UDP socket that someone
 * else opened, watches and closes. node:dgram makes a call, an ArrayBuffer of 64 KiB and an address as text for every
 * datagram that it receives. It makes a call and a request object for every one that it sends.
 *
 * Never blocks, never throws. Nothing may be called once the descriptor is closed: its number may be another file's.
 */
export class DatagramBatches {
  readonly #libc: LibcSockets
  readonly #fd: number
  readonly #family: SocketFamily
  readonly #limits: BatchLimits
  readonly #received: MessageTable
  readonly #toSend: MessageTable
  /** Datagrams that wait for `flush`. */
  pending = 0
  /** Datagrams that were longer than `receivedBytesMax`, since the start. */
  truncated = 0

  constructor(libc: LibcSockets, fd: number, family: SocketFamily, limits = batchLimits) {
    this.#libc = libc
    this.#fd = fd
    this.#family = family
    this.#limits = limits
    this.#received = new MessageTable(libc, limits.receivedMax, limits.receivedBytesMax)
    this.#toSend = new MessageTable(libc, limits.sentMax, limits.sentBytesMax)
    for (let i = 0; i < limits.sentMax; i++) this.#toSend.setNameLength(i, socketAddressBytes(family))
  }

  /**
   * Gives `deliver` what waits at the socket, at most `max` and at most `receivedMax` datagrams; returns how many were
   * taken from it. Fewer than asked for: nothing waits any more.
   */
  receive(deliver: DatagramCallback, max = this.#limits.receivedMax): number {
    const table = this.#received
    const asked = Math.min(max, this.#limits.receivedMax)
    const count = this.#libc.recvmmsg(this.#fd, table.address, asked, MSG_DONTWAIT, noTimeout)
    for (let i = 0; i < count; i++) {
      table.setNameLength(i, socketAddressBytesMax)
      if (table.isTruncated(i)) {
        this.truncated++
        continue
      }
      const peer = readSocketAddress(table.bytes, table.nameAt(i))
      const start = table.bodyAt(i)
      if (peer !== undefined) deliver(peer, table.bytes.subarray(start, start + table.receivedLength(i)))
    }
    return Math.max(0, count)
  }

  /** Keeps a copy for `flush`. False if there is no room left, or if it is too long or to a peer of another family. */
  add(peer: PeerAddress, datagram: Uint8Array): boolean {
    const table = this.#toSend
    const index = this.pending
    if (index >= this.#limits.sentMax || datagram.length > this.#limits.sentBytesMax) return false
    if (!writeSocketAddress(table.bytes, table.nameAt(index), this.#family, peer)) return false
    table.bytes.set(datagram, table.bodyAt(index))
    table.setBodyLength(index, datagram.length)
    this.pending = index + 1
    return true
  }

  /**
   * Sends what was added. `refused` gets what the kernel did not take: its buffer is full, or the address can't be
   * reached. The kernel does not tell which.
   */
  flush(refused: DatagramCallback): void {
    const table = this.#toSend
    const count = this.pending
    this.pending = 0
    let failures = 0
    for (let at = 0; at < count;) {
      const sent = Math.max(0, this.#libc.sendmmsg(this.#fd, table.addressFrom(at), count - at, MSG_DONTWAIT))
      at += sent
      // It stopped at one that failed. An address may be at fault, and the next datagram's turn; a full buffer would
      // refuse that one as well.
      const next = sent === 0 && failures > 0 ? count : Math.min(at + 1, count)
      failures++
      for (; at < next; at++) {
        const peer = readSocketAddress(table.bytes, table.nameAt(at))
        const start = table.bodyAt(at)
        if (peer !== undefined) refused(peer, table.bytes.subarray(start, start + table.bodyLength(at)))
      }
    }
  }
}

/** Of linux/socket.h. */
const MSG_DONTWAIT = 0x40
const noTimeout = 0n
