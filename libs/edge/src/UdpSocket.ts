import { parsePeerAddress, type PeerAddress, isIpv4, peerHost, peerPort } from "@roost/contracts"
import { Data, Effect, type Scope } from "effect"
import { createSocket } from "node:dgram"

/** What the kernel may hold while the process is busy, in bytes; it gives less if `net.core.rmem_max` is lower. */
export const receiveBufferBytes = 8 * 1024 * 1024
export const sendBufferBytes = 4 * 1024 * 1024

/** Why the socket could not be had: the operator's business. */
export class UdpBindError extends Data.TaggedError("UdpBindError")<{
  readonly host: string
  readonly port: number
  readonly cause: unknown
}> {
  override get message(): string {
    const why = this.cause instanceof Error ? this.cause.message : String(this.cause)
    return `no UDP socket on ${this.host} port ${this.port}: ${why}. Set ROOST_UDP_HOST and ROOST_UDP_PORT to one that is free`
  }
}

export interface UdpSocket {
  /** The port that was bound; differs from the one asked for only if that was 0. */
  readonly port: number
  readonly receiveBufferBytes: number
  /** Errors go to `onError`. Nothing is sent once the socket's scope ended: the bus may still bring frames then. */
  readonly send: (peer: PeerAddress, datagram: Uint8Array) => void
}

export interface UdpSocketOptions {
  readonly host: string
  readonly port: number
  /** Several processes on one port: the kernel spreads the flows over them. */
  readonly reusePort: boolean
  /** `datagram` is the callback's to keep. */
  readonly onDatagram: (peer: PeerAddress, datagram: Uint8Array) => void
  /** A datagram that could not be sent, or an ICMP error of an earlier one. */
  readonly onError: (error: Error) => void
}

/** The only place that knows of `node:dgram`. */
export const openUdpSocket = (options: UdpSocketOptions): Effect.Effect<UdpSocket, UdpBindError, Scope.Scope> =>
  Effect.acquireRelease(bind(options), ({ close }) => Effect.sync(close)).pipe(Effect.map(({ socket }) => socket))

const bind = (options: UdpSocketOptions) =>
  Effect.callback<{ readonly socket: UdpSocket; readonly close: () => void }, UdpBindError>((resume) => {
    const { host, onDatagram, onError, port, reusePort } = options
    const family = host.includes(":") ? 6 : 4
    const socket = createSocket({
      type: family === 6 ? "udp6" : "udp4",
      reusePort,
      recvBufferSize: receiveBufferBytes,
      sendBufferSize: sendBufferBytes,
      // Addresses are numbers here: the default look-up would cost a turn of the event loop for every datagram.
      lookup: (address, _options, callback) => callback(null, address, family)
    })
    let open = true
    const failed = (cause: unknown) => {
      socket.close()
      resume(Effect.fail(new UdpBindError({ host, port, cause })))
    }
    socket.once("error", failed)
    socket.on("message", (datagram, { address, port: peerPortNumber }) => {
      const peer = parsePeerAddress(address, peerPortNumber)
      if (peer !== undefined) onDatagram(peer, datagram)
    })
    socket.bind({ port, address: host }, () => {
      socket.off("error", failed)
      socket.on("error", onError)
      const bound: UdpSocket = {
        port: socket.address().port,
        receiveBufferBytes: socket.getRecvBufferSize(),
        send: (peer, datagram) => {
          if (open) socket.send(datagram, peerPort(peer), hostFor(family, peer))
        }
      }
      const close = () => {
        open = false
        socket.close()
      }
      resume(Effect.succeed({ socket: bound, close }))
    })
  })

/** An IPv6 socket that serves IPv4 too knows IPv4 addresses only in their mapped form (RFC 4291 §2.5.5.2). */
const hostFor = (family: number, peer: PeerAddress): string =>
  family === 6 && isIpv4(peer) ? `::ffff:${peerHost(peer)}` : peerHost(peer)
