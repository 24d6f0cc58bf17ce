import { PlacementMap } from "@roost/cluster"
import { parsePeerAddress, partitionCount, type PeerAddress, sessionKey, Subjects } from "@roost/contracts"
import { defaultDeviceSessionConfig, DeviceHost, type HostEffect, type SaveOutcome } from "@roost/device-session"
import { Client, type ClientOutput, CookieSecrets, FrontHalf, type Session, SessionIds } from "@roost/dtls"
import { dtlsCrypto } from "@roost/dtls-crypto"
import { defaultEdgeLimits, EdgeCore } from "@roost/edge"
import { pskFromSecret } from "@roost/enos"
import { seededRandom } from "@roost/random"
import { Schedule } from "../../src/index.ts"

const routingKey = new Uint8Array(32).fill(7)
const all = Array.from({ length: partitionCount }, (_, partition) => partition)
/** Often enough for everything that waits. */
const tickMillis = 50
/** Of a record without a connection id, as devices get them here. */
const recordHeaderBytes = 13

interface Node {
  readonly nodeId: string
  readonly host: DeviceHost
  alive: boolean
  /** It discards frames, as a node whose lease it could not renew in time. */
  serving: boolean
}

/** An edge, nodes one after another, a store and a bus that loses frames; everything else is as in the processes. Simulated time. */
export class LossyRoost {
  readonly schedule = new Schedule()
  readonly random: () => number
  /** Of 1: frames in either direction, and answers of the registry, that are lost. */
  loss = 0
  /** Somebody on the way sees each datagram of a device before the edge does, and each of the edge's behind the device. */
  observer: (peer: PeerAddress, datagram: Uint8Array, from: "device" | "edge") => void = () => undefined
  /** Record numbers that protected records to a device had twice (RFC 6655 §3). */
  readonly numbersRepeated: Array<string> = []
  readonly #numbers = new Set<string>()
  readonly #placement = new PlacementMap()
  readonly #edge: EdgeCore
  readonly #nodes = new Map<string, Node>()
  readonly #devices = new Map<number | string, LossyDevice>()
  readonly #entries = new Map<string, { readonly revision: number; readonly record: Uint8Array }>()
  #revision = 0
  #token = 0
  #owner: Node | undefined

  constructor(seed: number) {
    this.random = seededRandom(seed)
    this.#edge = new EdgeCore({
      edgeId: "edge",
      limits: defaultEdgeLimits,
      front: new FrontHalf({
        crypto: dtlsCrypto,
        cookieSecrets: new CookieSecrets(routingKey),
        sessionIds: new SessionIds(routingKey)
      }),
      placement: this.#placement,
      now: 0,
      ports: {
        tell: () => undefined,
        send: (peer, view) => {
          const datagram = new Uint8Array(view)
          this.#note(peer, datagram)
          this.#soon(() => {
            this.#devices.get(peer.key)?.receive(datagram)
            this.observer(peer, datagram, "edge")
          })
        },
        publish: (subject, view) => {
          const frame = new Uint8Array(view)
          for (const node of this.#nodes.values()) {
            if (subject !== Subjects.frameToNodes && subject !== Subjects.frameToNode(node.nodeId)) continue
            this.#lossy(() => {
              if (node.alive && node.serving) node.host.handleFrame(this.now, frame)
            })
          }
          return true
        }
      }
    })
    this.schedule.afterEach = () => {
      this.#edge.flush()
      for (const { alive, host } of this.#nodes.values()) if (alive) host.flush(this.now)
    }
    const tick = () => {
      this.#edge.handleTimeout(this.now)
      for (const { alive, host } of this.#nodes.values()) if (alive) host.handleTimeout(this.now)
      this.schedule.plan(tickMillis, tick)
    }
    this.schedule.plan(tickMillis, tick)
    this.own(this.start())
  }

  get now(): number {
    return this.schedule.now
  }

  start(): Node {
    const nodeId = `node${this.#nodes.size + 1}`
    const box: { host?: DeviceHost } = {}
    const host = new DeviceHost({
      config: { ...defaultDeviceSessionConfig, nodeId },
      carryOut: (effect) => this.#carryOut(() => box.host!, effect),
      crypto: dtlsCrypto,
      random: this.random,
      now: this.now
    })
    box.host = host
    const node = { nodeId, host, alive: true, serving: true }
    this.#nodes.set(nodeId, node)
    return node
  }

  /** The node owns everything from now on, and edges hear of it. */
  own(node: Node): void {
    const token = ++this.#token
    this.#owner = node
    for (const partition of all) node.host.acquire(this.now, partition, token)
    this.#placement.handle(this.now, {
      nodeId: node.nodeId,
      partitions: all.map((partition) => [partition, token] as const),
      term: token,
      leaving: false
    })
    // It takes a while to read its sessions.
    this.#soon(() => {
      for (const { record, revision } of this.#entries.values()) node.host.restore(this.now, revision, record)
      for (const partition of all) node.host.open(this.now, partition, token)
    })
  }

  /** The owner is killed, and after `millis` another one has its partitions. */
  replaceOwner(millis: number): void {
    this.#owner!.alive = false
    const next = this.start()
    this.schedule.plan(millis, () => this.own(next))
  }

  /** The owner discards what comes for it for a while, and stays the owner. */
  stall(millis: number): void {
    const owner = this.#owner!
    owner.serving = false
    this.schedule.plan(millis, () => {
      owner.serving = true
    })
  }

  device(deviceKey: string, port: number, connectionId: boolean, resume?: Session): LossyDevice {
    const device = new LossyDevice(this, deviceKey, parsePeerAddress("192.0.2.1", port)!, connectionId, resume)
    this.#devices.set(device.peer.key, device)
    return device
  }

  receive(peer: PeerAddress, datagram: Uint8Array): void {
    this.#soon(() => {
      this.observer(peer, datagram, "device")
      this.#edge.handleDatagram(this.now, peer, datagram)
    })
  }

  /** Somebody sends with the peer's address, so many milliseconds from now; without them at once. */
  forge(peer: PeerAddress, datagram: Uint8Array, after = 0): void {
    if (after > 0) this.schedule.plan(after, () => this.forge(peer, datagram))
    else this.#edge.handleDatagram(this.now, peer, datagram)
  }

  #note(peer: PeerAddress, datagram: Uint8Array): void {
    const view = Buffer.from(datagram)
    for (let at = 0; at < view.length; at += recordHeaderBytes + view.readUInt16BE(at + recordHeaderBytes - 2)) {
      const epoch = view.readUInt16BE(at + 3)
      const number = `${peer.key} ${epoch} ${view.readUIntBE(at + 5, 6)}`
      if (epoch > 0 && this.#numbers.has(number)) this.numbersRepeated.push(number)
      this.#numbers.add(number)
    }
  }

  #soon(run: () => void): void {
    this.schedule.plan(1 + 10 * this.random(), run)
  }

  #lossy(run: () => void): void {
    if (this.random() >= this.loss) this.#soon(run)
  }

  #carryOut(host: () => DeviceHost, effect: HostEffect): boolean {
    const later = (run: () => void) => this.#soon(run)
    switch (effect._tag) {
      case "Frame": {
        const frame = new Uint8Array(effect.frame)
        this.#lossy(() => this.#edge.handleFrame(this.now, frame))
        return true
      }
      case "Forward":
        return false
      case "AskKey": {
        const { request, token } = effect
        const isLost = this.random() < this.loss
        const unavailable = { _tag: "Unavailable", reason: "no answer" } as const
        const found = { psk: pskFromSecret(secretOf(request.deviceKey)), credentialVersion: 1, assetId: "a" }
        later(() =>
          host().handlePsk(
            this.now,
            token,
            isLost ? unavailable : { _tag: "Found", ...found, dataFormat: "Json", downlink: "pipelined" }
          )
        )
        return true
      }
      case "SaveSession": {
        const { deviceKey, productKey, record, revision, token } = effect
        const outcome = this.#write(sessionKey(productKey, deviceKey), revision, new Uint8Array(record))
        const heard = this.random() < this.loss ? ({ _tag: "Unknown" } as const) : outcome
        later(() => host().handleSaved(this.now, token, heard))
        return true
      }
      case "ReadSession": {
        const entry = this.#entries.get(sessionKey(effect.productKey, effect.deviceKey))
        const outcome = entry === undefined ? ({ _tag: "None" } as const) : ({ _tag: "Found", ...entry } as const)
        later(() => host().handleRead(this.now, effect.token, outcome))
        return true
      }
      case "DeleteSession":
        for (const [key, entry] of this.#entries) if (entry.revision === effect.revision) this.#entries.delete(key)
        return true
      case "Recall": {
        const outcome = { _tag: "Recalled", uplinks: [], credentialVersion: 0 } as const
        later(() => host().handleRecalled(this.now, effect.token, outcome))
        return true
      }
      default:
        return true
    }
  }

  #write(key: string, revision: number, record: Uint8Array): SaveOutcome {
    if ((this.#entries.get(key)?.revision ?? 0) !== revision) return { _tag: "Conflict" }
    this.#entries.set(key, { revision: ++this.#revision, record })
    return { _tag: "Saved", revision: this.#revision }
  }
}

/** A device that handshakes once, with the retransmissions of RFC 6347 §4.2.4.1. */
export class LossyDevice {
  readonly deviceKey: string
  readonly peer: PeerAddress
  readonly client: Client
  connectedAt: number | undefined
  /** Its records go out in datagrams of these, if it is set. */
  cut: ((datagram: Uint8Array) => ReadonlyArray<Uint8Array>) | undefined
  readonly #roost: LossyRoost

  constructor(roost: LossyRoost, deviceKey: string, peer: PeerAddress, connectionId: boolean, resume?: Session) {
    this.#roost = roost
    this.deviceKey = deviceKey
    this.peer = peer
    this.client = new Client({
      crypto: dtlsCrypto,
      identity: new TextEncoder().encode(`pk,${deviceKey},2,60`),
      psk: pskFromSecret(secretOf(deviceKey)),
      connectionId: connectionId ? new Uint8Array(0) : undefined,
      ...(resume === undefined ? {} : { resume })
    })
  }

  connect(): void {
    this.#carryOut(this.client.start(this.#roost.now))
  }

  receive(datagram: Uint8Array): void {
    this.#carryOut(this.client.handleDatagram(this.#roost.now, datagram))
  }

  #carryOut(outputs: ReadonlyArray<ClientOutput>): void {
    for (const output of outputs) {
      if (output._tag === "Transmit") {
        for (const datagram of this.cut?.(output.datagram) ?? [output.datagram])
          this.#roost.receive(this.peer, datagram)
      } else if (output._tag === "Connected") this.connectedAt = this.#roost.now
    }
    const { deadline } = this.client
    if (deadline === undefined) return
    this.#roost.schedule.plan(Math.max(0, deadline - this.#roost.now), () => {
      if (this.client.deadline === deadline) this.#carryOut(this.client.handleTimeout(this.#roost.now))
    })
  }
}

const secretOf = (deviceKey: string): string => `secret of ${deviceKey}`
