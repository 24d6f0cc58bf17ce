import { PeerAddress, peerPort } from "@roost/contracts"
import { type BatchLimits, DatagramBatches } from "./DatagramBatches.ts"
import { libcSockets, type LibcSockets } from "./LibcSockets.ts"
import {
  readSocketAddress,
  type SocketFamily,
  socketAddressBytes,
  socketAddressBytesMax,
  writeSocketAddress
} from "./SocketAddress.ts"

/**
 * Batches on the UDP socket `fd`, which is bound to `port`, or undefined where they don't work. The interface node:ffi is experimental,
 * and the structures are laid out for one platform. Another one must cost speed and nothing else, so they are tried on a
 * socket of their own.
 */
export const openDatagramBatches = (
  fd: number,
  family: SocketFamily,
  port: number,
  libc: LibcSockets | undefined = libcSockets()
): DatagramBatches | undefined => {
  if (libc === undefined || fd < 0) return undefined
  try {
    const bound = boundTo(libc, fd)
    const isIt = bound !== undefined && peerPort(bound) === port
    return isIt && passTrial(libc, family) ? new DatagramBatches(libc, fd, family) : undefined
  } catch {
    return undefined
  }
}

/** The address of a socket by getsockname(2). */
const boundTo = (libc: LibcSockets, fd: number): PeerAddress | undefined => {
  const memory = new ArrayBuffer(64)
  const bytes = new Uint8Array(memory)
  const start = libc.addressOf(memory)
  bytes[lengthAt] = socketAddressBytesMax
  return libc.getsockname(fd, start, start + BigInt(lengthAt)) === 0 ? readSocketAddress(bytes, 0) : undefined
}

/** A socket on the loopback address sends itself three datagrams, of which one is too long to be received. */
const passTrial = (libc: LibcSockets, family: SocketFamily): boolean => {
  const fd = libc.socket(family === 4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0)
  if (fd < 0) return false
  try {
    const memory = new ArrayBuffer(socketAddressBytesMax)
    writeSocketAddress(new Uint8Array(memory), 0, family, family === 4 ? loopback4 : loopback6)
    if (libc.bind(fd, libc.addressOf(memory), socketAddressBytes(family)) !== 0) return false
    const self = boundTo(libc, fd)
    if (self === undefined) return false

    const batches = new DatagramBatches(libc, fd, family, trialLimits)
    const sent = [datagramOf(trialLimits.receivedBytesMax), datagramOf(trialLimits.sentBytesMax), datagramOf(1)]
    // Twice: the second time with messages that the kernel has written to.
    for (let round = 1; round <= 2; round++) {
      let complete = sent.every((datagram) => batches.add(self, datagram))
      batches.flush(() => (complete = false))
      const received: Array<Uint8Array> = []
      const arrived = (peer: PeerAddress, datagram: Uint8Array): void => {
        complete &&= peer.key === self.key
        received.push(new Uint8Array(datagram))
      }
      let taken = 0
      // Datagrams that the loopback interface did not deliver at once are worth some more looks, but no wait.
      for (let look = 0; look < looksMax && taken < sent.length; look++) taken += batches.receive(arrived)
      const [first, last] = received
      if (!complete || received.length !== 2 || batches.truncated !== round) return false
      if (Buffer.compare(first!, sent[0]!) !== 0 || Buffer.compare(last!, sent[2]!) !== 0) return false
    }
    return true
  } finally {
    libc.close(fd)
  }
}

const trialLimits: BatchLimits = { receivedMax: 4, receivedBytesMax: 100, sentMax: 4, sentBytesMax: 200 }
const looksMax = 10_000

const datagramOf = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => i * 37 + length)

const loopback4 = new PeerAddress(0x7f00_0001 * 0x1_0000)
const loopback6 = new PeerAddress(`${"\0".repeat(15)}\u0001\0\0`)

const lengthAt = 32
/** Of linux/socket.h and linux/net.h. */
const AF_INET = 2
const AF_INET6 = 10
const SOCK_DGRAM = 2
const SOCK_CLOEXEC = 0x8_0000
