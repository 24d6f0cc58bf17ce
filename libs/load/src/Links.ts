import { createSocket, type Socket } from "node:dgram"
import type { FleetSettings } from "./FleetSettings.ts"
import { FaultyPath } from "./FaultyPath.ts"
import type { Link as LinkOf } from "./Link.ts"
import type { LoadDevice } from "./LoadDevice.ts"

type Link = LinkOf<LoadDevice>

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
 * With them (RFC 9146) a device has one for its handshake only, whose messages carry no id and which servers limit by address. It
 * goes on from one of `FleetSettings.sockets` that all share, as if a NAT had moved it.
 */
export class Links {
  readonly #settings: FleetSettings
  readonly #events: LinkEvents
  readonly #localAddresses: ReadonlyArray<string>
  readonly #shared: Array<Link> = []
  readonly #byCid: ReadonlyArray<LoadDevice>
  readonly sending: FaultyPath<Sent>
  readonly receiving: FaultyPath<Received>
  #closed = false

  /** `devices` by the number that is their connection id. `random` in [0, 1) decides about losses. */
  constructor(settings: FleetSettings, devices: ReadonlyArray<LoadDevice>, random: () => number, events: LinkEvents) {
    const { reorder, reorderMillis } = settings
    this.#settings = settings
    this.#events = events
    this.#byCid = devices
    this.#localAddresses = settings.localAddresses
    this.sending = new FaultyPath({ loss: settings.lossSend, reorder, reorderMillis }, random)
    this.receiving = new FaultyPath({ loss: settings.lossReceive, reorder, reorderMillis }, random)
  }

  /** A socket of the device's own; the one that it has, unless that is shared or each handshake has another address. */
  own(device: LoadDevice): void {
    if (this.#settings.freshAddresses === true) this.leave(device)
    if (device.link?.device === undefined) device.link = this.#open(device.index, device)
  }

  /** The device has no socket any more. */
  leave(device: LoadDevice): void {
    if (device.link?.device !== undefined) device.link.socket.close()
    device.link = undefined
  }

  /** The handshake is over: with connection ids, the device's own socket has done its work. */
  connected(device: LoadDevice): void {
    if (!this.#settings.cid) return
    device.link?.socket.close()
    const at = device.index % this.#settings.sockets
    device.link = this.#shared[at] ??= this.#open(at, undefined)
  }

  send(device: LoadDevice, datagram: Uint8Array, now: number): void {
    const { link } = device
    if (link === undefined) return
    if (this.sending.isClean || this.sending.fateOf({ link, datagram }, now) === "Passes") transmit(link, datagram)
  }

  /** Delivers the datagrams that were held back long enough. */
  release(now: number): void {
    this.sending.release(now, ({ link, datagram }) => {
      if (!this.#closed) transmit(link, datagram)
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
    for (const { link } of devices) if (link?.device !== undefined) link.socket.close()
    for (const link of this.#shared) link?.socket.close()
  }

  #open(index: number, device: LoadDevice | undefined): Link {
    const { first, freshAddresses, targets } = this.#settings
    const number = first + index
    const fresh = freshAddresses === true && device !== undefined ? freshAddress(number, device.sessions) : undefined
    const link = {
      target: targets[number % targets.length]!,
      localAddress: fresh?.address ?? this.#localAddresses[number % Math.max(1, this.#localAddresses.length)],
      device
    }
    return Object.assign(link, { socket: this.#openSocket(link, fresh?.port) })
  }

  /** `port`: 0 for one that the system chooses. */
  #openSocket(link: Omit<Link, "socket">, port = 0): Socket {
    const { localAddress, target } = link
    const socket = createSocket({
      type: target.host.includes(":") ? "udp6" : "udp4",
      ...(link.device === undefined ? { recvBufferSize: sharedBufferBytes } : {})
    })
    socket.on("message", (datagram) => this.#receive(link, datagram))
    socket.on("error", this.#events.onError)
    if (localAddress !== undefined) socket.bindSync({ address: localAddress, port })
    socket.connectSync(target.port, target.host)
    return socket
  }

  #receive(link: Omit<Link, "socket">, datagram: Uint8Array): void {
    const device = link.device ?? this.#deviceOf(datagram)
    if (device === undefined || this.#closed) return
    const { receiving } = this
    if (receiving.isClean || receiving.fateOf({ device, datagram }, performance.now()) === "Passes") {
      this.#events.onDatagram(device, datagram)
    }
  }

  #deviceOf(datagram: Uint8Array): LoadDevice | undefined {
    if (datagram[0] !== tls12Cid || datagram.length < cidAt + cidBytes) return undefined
    return this.#byCid[readCid(datagram, cidAt)]
  }
}

/** A datagram that was held back may outlive the socket of its handshake. */
const transmit = ({ socket }: Link, datagram: Uint8Array): void => {
  try {
    socket.send(datagram)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ERR_SOCKET_DGRAM_NOT_RUNNING") throw error
  }
}

/**
 * N counts a device's handshakes. The devices share 64 addresses of 127.N.1.0/24, each 32 768 of them others, of 127.N.2.0/24, and so
 * on. One address for all would be a source that a server limits, as it limits a stranger.
 */
const freshAddress = (number: number, handshakes: number) => ({
  address: `127.${(handshakes + 1) & 0xff}.${1 + (number >> freshPortBits)}.${1 + (number & (freshHosts - 1))}`,
  port: firstFreshPort + (number & (2 ** freshPortBits - 1))
})

const freshHosts = 64
const freshPortBits = 15
const firstFreshPort = 16_384

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
