import { createSocket, type Socket } from "node:dgram"
import type { LoadConfig, Target } from "../LoadConfig.ts"
import { FaultyPath } from "./FaultyPath.ts"
import type { LoadDevice } from "./LoadDevice.ts"

/** A UDP socket, connected to its server. */
export interface Link {
  socket: Socket
  readonly target: Target
  readonly localAddress: string | undefined
  /** The device itself, or, of those that share the socket, the one whose records carry no connection id (yet). */
  device: LoadDevice | undefined
  /** Devices that wait until no other one handshakes on this socket: until then only its address tells them apart. */
  readonly waiting: Array<LoadDevice>
}

export interface LinkEvents {
  readonly onDatagram: (device: LoadDevice, datagram: Uint8Array) => void
  readonly onError: (error: Error) => void
}

interface Sent {
  readonly link: Link
  readonly datagram: Uint8Array
}

interface Received {
  readonly device: LoadDevice
  readonly datagram: Uint8Array
}

/**
 * The sockets. Without connection ids a server knows a device by its address, so each has a socket of its own: 12 µs and 3.2 KB.
 * With them (RFC 9146) `config.sockets` do for all, and a record's connection id names the device.
 */
export class Links {
  readonly #config: LoadConfig
  readonly #events: LinkEvents
  readonly #localAddresses: ReadonlyArray<string>
  readonly #shared: Array<Link> = []
  readonly #byCid: ReadonlyArray<LoadDevice>
  readonly sending: FaultyPath<Sent>
  readonly receiving: FaultyPath<Received>
  #closed = false

  /** `devices` by the number that is their connection id. `random` in [0, 1) decides about losses. */
  constructor(config: LoadConfig, devices: ReadonlyArray<LoadDevice>, random: () => number, events: LinkEvents) {
    const { reorder, reorderMillis } = config
    this.#config = config
    this.#events = events
    this.#byCid = devices
    this.#localAddresses = config.localAddresses
    this.sending = new FaultyPath({ loss: config.lossSend, reorder, reorderMillis }, random)
    this.receiving = new FaultyPath({ loss: config.lossReceive, reorder, reorderMillis }, random)
  }

  /** The device's link; opened when it is needed first. */
  of(device: LoadDevice): Link {
    return (device.link ??= this.#config.cid ? this.#sharedLink(device.index) : this.#open(device.index, device))
  }

  send(device: LoadDevice, datagram: Uint8Array, now: number): void {
    const link = this.of(device)
    if (this.sending.isClean || this.sending.fateOf({ link, datagram }, now) === "Passes") link.socket.send(datagram)
  }

  /** What was held back long enough. */
  release(now: number): void {
    this.sending.release(now, ({ link, datagram }) => {
      if (!this.#closed) link.socket.send(datagram)
    })
    this.receiving.release(now, ({ device, datagram }) => this.#events.onDatagram(device, datagram))
  }

  /** Goes on from another local port, as behind a NAT that forgot the flow; with whom it shares the socket goes too. */
  rebind(device: LoadDevice): void {
    const { link } = device
    if (link === undefined) return
    const previous = link.socket
    link.socket = this.#openSocket(link)
    previous.close()
  }

  close(devices: Iterable<LoadDevice>): void {
    this.#closed = true
    for (const device of devices) if (device.link !== undefined && !this.#config.cid) device.link.socket.close()
    for (const link of this.#shared) link?.socket.close()
  }

  #sharedLink(index: number): Link {
    const at = index % this.#config.sockets
    return (this.#shared[at] ??= this.#open(at, undefined))
  }

  #open(index: number, device: LoadDevice | undefined): Link {
    const { first, targets } = this.#config
    const link = {
      target: targets[(first + index) % targets.length]!,
      localAddress: this.#localAddresses[(first + index) % Math.max(1, this.#localAddresses.length)],
      device,
      waiting: []
    }
    return Object.assign(link, { socket: this.#openSocket(link) })
  }

  #openSocket(link: Omit<Link, "socket">): Socket {
    const { localAddress, target } = link
    const socket = createSocket({
      type: target.host.includes(":") ? "udp6" : "udp4",
      ...(this.#config.cid ? { recvBufferSize: sharedBufferBytes } : {})
    })
    socket.on("message", (datagram) => this.#receive(link, datagram))
    socket.on("error", this.#events.onError)
    if (localAddress !== undefined) socket.bindSync({ address: localAddress, port: 0 })
    socket.connectSync(target.port, target.host)
    return socket
  }

  #receive(link: Omit<Link, "socket">, datagram: Uint8Array): void {
    const device = this.#config.cid ? this.#deviceOf(link, datagram) : link.device
    if (device === undefined || this.#closed) return
    const { receiving } = this
    if (receiving.isClean || receiving.fateOf({ device, datagram }, performance.now()) === "Passes") {
      this.#events.onDatagram(device, datagram)
    }
  }

  #deviceOf(link: Omit<Link, "socket">, datagram: Uint8Array): LoadDevice | undefined {
    if (datagram[0] !== tls12Cid) return link.device
    return datagram.length < cidAt + cidBytes ? undefined : this.#byCid[readCid(datagram, cidAt)]
  }
}

/** Of our connection ids: the device's number in the process. */
export const cidBytes = 4

export const cidOf = (index: number): Uint8Array => Uint8Array.of(index >>> 24, index >>> 16, index >>> 8, index)

const readCid = (bytes: Uint8Array, at: number): number =>
  ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0

/** Content type (RFC 9146 §4) and where the connection id stands. */
const tls12Cid = 25
const cidAt = 11
/** Hundreds of devices may be answered at once; the kernel gives less if net.core.rmem_max is lower. */
const sharedBufferBytes = 4 * 1024 * 1024
