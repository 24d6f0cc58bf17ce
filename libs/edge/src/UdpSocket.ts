import { oncePerTurn } from "@roost/actors"
import { parsePeerAddress, type PeerAddress, isIpv4, peerHost, peerPort, Setting } from "@roost/contracts"
import { bindFaultText } from "@roost/observability"
import { type Config, Effect, type Scope } from "effect"
import { createSocket, type Socket } from "node:dgram"
import { getSystemErrorName } from "node:util"
import { batchLimits, type DatagramBatches } from "./DatagramBatches.ts"
import { openDatagramBatches } from "./DatagramBatchesTrial.ts"
import type { SocketFamily } from "./SocketAddress.ts"

/** Bytes that the kernel may hold while the process is busy; it gives less if `net.core.rmem_max` is lower. */
export const receiveBufferBytes = 8 * 1024 * 1024
export const sendBufferBytes = 4 * 1024 * 1024

/** Datagrams that one turn of the event loop reads in batches; then the bus and the timers have theirs. */
export const datagramsPerTurnMax = 1024

export interface UdpSocket {
  /** The port that was bound; differs from the one asked for only if that was 0. */
  readonly port: number
  readonly receiveBufferBytes: number
  /** Whether the kernel is asked once for many datagrams, or once for each. */
  readonly batched: boolean
  /**
   * Takes a copy or sends it; in batches it goes out at the end of this turn of the event loop. Errors go to `onError`.
   * Nothing is sent once the socket's scope ended: the bus may still bring frames then.
   */
  readonly send: (peer: PeerAddress, datagram: Uint8Array) => void
  /** Leaves datagrams where the kernel keeps them, and sleeps through their arrival; not possible one by one, and not done. */
  readonly pause: () => void
  /** Delivers what waits, within this call, and goes on. */
  readonly resume: () => void
}

export interface UdpSocketOptions {
  readonly host: string
  readonly port: number
  /** Several processes on one port: the kernel spreads the flows over them. */
  readonly reusePort: boolean
  /** False: every datagram by node:dgram, as where batches don't work. True unless given. */
  readonly batches?: boolean
  /** `datagram` is good during the call only: its memory takes the next one. */
  readonly onDatagram: (peer: PeerAddress, datagram: Uint8Array) => void
  /** A datagram from port 0, which no answer can reach (RFC 768); whoever sends one forged it. */
  readonly onUnanswerable: () => void
  /** A datagram that could not be sent, or an ICMP error of an earlier one. */
  readonly onError: (error: Error) => void
}

/** The only place that knows of `node:dgram`. */
export const openUdpSocket = (options: UdpSocketOptions): Effect.Effect<UdpSocket, Config.ConfigError, Scope.Scope> =>
  Effect.acquireRelease(bind(options), ({ close }) => Effect.sync(close)).pipe(Effect.map(({ socket }) => socket))

/** A socket that can't be had is a fault of the variable that says where it should be. */
const bindFault = (host: string, port: number, cause: unknown): Config.ConfigError => {
  const code = String((cause as NodeJS.ErrnoException).code)
  if (code === "EADDRINUSE" || code === "EACCES") {
    const shared = code === "EADDRINUSE" ? "; edges that share one all have ROOST_UDP_REUSE_PORT=true" : ""
    return Setting.fault("ROOST_UDP_PORT", bindFaultText(code, "UDP", host, port) + shared)
  }
  return Setting.fault("ROOST_UDP_HOST", `expected an address of this machine: ${host} can't be bound (${code})`)
}

interface Bound {
  readonly socket: UdpSocket
  readonly close: () => void
}

const bind = (options: UdpSocketOptions) =>
  Effect.callback<Bound, Config.ConfigError>((resume) => {
    const { host, onError, port, reusePort } = options
    const family = host.includes(":") ? 6 : 4
    const socket = createSocket({
      type: family === 6 ? "udp6" : "udp4",
      reusePort,
      recvBufferSize: receiveBufferBytes,
      sendBufferSize: sendBufferBytes,
      // Addresses are numbers here: the default look-up would cost a turn of the event loop for every datagram.
      lookup: (address, _options, callback) => callback(null, address, family)
    })
    const failed = (cause: unknown) => {
      socket.close()
      resume(Effect.fail(bindFault(host, port, cause)))
    }
    socket.once("error", failed)
    socket.bind({ port, address: host }, () => {
      socket.off("error", failed)
      socket.on("error", onError)
      resume(Effect.succeed(serve(socket, family, options)))
    })
  })

/**
 * node:dgram opens, watches and closes the socket and has the last word on errors. Its first datagram of a turn is the sign
 * that others may wait, and those are read in batches.
 */
const serve = (socket: Socket, family: SocketFamily, options: UdpSocketOptions): Bound => {
  const handle = handleOf(socket)
  const batches =
    options.batches === false ? undefined : openDatagramBatches(handle.fd ?? -1, family, socket.address().port)
  const state = { open: true, paused: false, leftThisTurn: datagramsPerTurnMax }

  const deliver = (peer: PeerAddress, datagram: Uint8Array): void => {
    if (peerPort(peer) === 0) options.onUnanswerable()
    else options.onDatagram(peer, datagram)
  }
  const sendOne = (peer: PeerAddress, datagram: Uint8Array): void => {
    // node:dgram throws at port 0.
    if (peerPort(peer) !== 0) socket.send(datagram, peerPort(peer), hostFor(family, peer))
  }
  /** The rest of a batch. A copy: node:dgram keeps it until the kernel takes it. */
  const sendCopy = (peer: PeerAddress, datagram: Uint8Array): void => sendOne(peer, new Uint8Array(datagram))
  const endTurnSoon = oncePerTurn(() => {
    state.leftThisTurn = datagramsPerTurnMax
    if (state.open) batches?.flush(sendCopy)
  })

  const receiveBatches = (batches: DatagramBatches): void => {
    endTurnSoon()
    while (state.open && state.leftThisTurn > 0) {
      const asked = Math.min(state.leftThisTurn, batchLimits.receivedMax)
      const taken = batches.receive(deliver, asked)
      state.leftThisTurn -= taken
      if (taken < asked) break
    }
  }

  socket.on("message", (datagram, { address, port }) => {
    const peer = parsePeerAddress(address, port)
    if (peer !== undefined) deliver(peer, datagram)
    if (batches !== undefined) receiveBatches(batches)
  })

  return {
    socket: {
      port: socket.address().port,
      receiveBufferBytes: socket.getRecvBufferSize(),
      batched: batches !== undefined,
      send: (peer, datagram) => {
        if (!state.open) return
        if (batches === undefined) return sendOne(peer, datagram)
        if (!batches.add(peer, datagram)) {
          // Full, or too long for a batch: what came first goes first.
          batches.flush(sendCopy)
          if (!batches.add(peer, datagram)) return sendCopy(peer, datagram)
        }
        endTurnSoon()
      },
      pause: () => {
        if (!state.open || state.paused || batches === undefined) return
        state.paused = handle.pause()
      },
      resume: () => {
        if (!state.open || !state.paused || batches === undefined) return
        state.paused = false
        const failure = handle.resume()
        if (failure !== 0) {
          const code = getSystemErrorName(failure)
          options.onError(Object.assign(new Error(`the socket can't receive any more: ${code}`), { code }))
        }
        receiveBatches(batches)
      }
    },
    close: () => {
      if (state.open) batches?.flush(sendCopy)
      state.open = false
      socket.close()
    }
  }
}

interface Handle {
  readonly fd: number | undefined
  /** False if it went on. */
  readonly pause: () => boolean
  /** 0, or libuv's number of what failed. */
  readonly resume: () => number
}

/**
 * Two things that node:dgram has no public way to ask for: the descriptor, and not to be told of datagrams for a while. Nothing of it
 * if this version of Node keeps it elsewhere, so whoever uses the number looks whether it is the socket on this port.
 */
const handleOf = (socket: Socket): Handle => {
  for (const symbol of Object.getOwnPropertySymbols(socket)) {
    const internals: unknown = Reflect.get(socket, symbol)
    const { handle } = (internals ?? {}) as { readonly handle?: UdpWrap | null }
    if (typeof handle?.fd !== "number") continue
    const { fd, recvStart, recvStop } = handle
    const pausable = typeof recvStart === "function" && typeof recvStop === "function"
    return {
      fd,
      pause: () => pausable && recvStop.call(handle) === 0,
      resume: () => (pausable ? recvStart.call(handle) : 0)
    }
  }
  return { fd: undefined, pause: () => false, resume: () => 0 }
}

/** Node's own, as node:dgram uses it itself; both calls return 0 or an error's number. */
interface UdpWrap {
  readonly fd?: number
  readonly recvStart?: () => number
  readonly recvStop?: () => number
}

/** An IPv6 socket that serves IPv4 too knows IPv4 addresses only in their mapped form (RFC 4291 §2.5.5.2). */
const hostFor = (family: SocketFamily, peer: PeerAddress): string =>
  family === 6 && isIpv4(peer) ? `::ffff:${peerHost(peer)}` : peerHost(peer)
