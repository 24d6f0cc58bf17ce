import { TimerWheel } from "@roost/actors"
import type { Outputs } from "@roost/coap"
import { defaultServerSettings, ServerExchanges } from "@roost/coap"
import {
  type CredentialChange,
  type DeviceAnswer,
  formatPeerAddress,
  FrameKind,
  FrameReader,
  type PeerAddress
} from "@roost/contracts"
import { cipherSuiteName, ContentType, type Crypto, peekRecord } from "@roost/dtls"
import { Associations } from "./Associations.ts"
import { Counters } from "./Counters.ts"
import { actorKey, DeviceActor, type DeviceSession, presenceOf } from "./DeviceActor.ts"
import type { DeviceSessionConfig } from "./DeviceSessionConfig.ts"
import { type EdgeLink, EdgeLinks } from "./EdgeLinks.ts"
import { Events } from "./Events.ts"
import type { PendingCommand } from "./PendingCommands.ts"
import type { ActivationOutcome, Ports, PskOutcome } from "./Ports.ts"
import { Requests } from "./Requests.ts"
import { SessionTable } from "./SessionTable.ts"

/**
 * All devices of one session-actors process. Plain and synchronous: it is told what arrived and what time it is, and
 * calls its ports; nothing in it waits. One thread and no interleaving make it the single writer of every device.
 *
 *   frame ─► datagram ─► Associations (open, replay window) ─► ServerExchanges ─► Requests ─► ports
 *                                                                                   │
 *   frame ◄─ Send      ◄─ Associations (seal) ◄──────────────── ServerExchanges ◄───┘ at once, or by handle*
 *
 * `now` is in milliseconds since 1970 and never runs backwards. After each batch of calls `flush` sends what was
 * collected for the edges.
 */
export class DeviceHost {
  readonly counters = new Counters()
  readonly #config: DeviceSessionConfig
  readonly #edges: EdgeLinks
  readonly #actors = new Map<string, DeviceActor>()
  /** Owner of each mirrored command: a deleted bucket entry says only its id. */
  readonly #commandOwner = new Map<string, DeviceActor>()
  readonly #wheel: TimerWheel<DeviceActor>
  readonly #table = new SessionTable()
  readonly #associations: Associations
  readonly #requests: Requests
  readonly #events: Events
  readonly #random: () => number
  #sweptAt = 0

  constructor(options: {
    readonly config: DeviceSessionConfig
    readonly ports: Ports
    readonly crypto: Crypto
    /** 0 inclusive to 1 exclusive: jitter of CoAP. */
    readonly random: () => number
    readonly now: number
  }) {
    const { config, ports, crypto } = options
    this.#config = config
    this.#random = options.random
    this.#wheel = new TimerWheel<DeviceActor>(options.now)
    this.#edges = new EdgeLinks(config.nodeId, (edgeId, frame) => ports.publishFrame(edgeId, frame))
    this.#events = new Events(ports)
    this.#associations = new Associations({
      config,
      ports,
      crypto,
      counters: this.counters,
      events: this.#events,
      edges: this.#edges,
      table: this.#table,
      actorOf: (productKey, deviceKey) => this.#actorOf(productKey, deviceKey),
      actorsFull: () => this.#actors.size >= config.devicesMax,
      established: (now, actor) => this.#established(now, actor),
      closed: (now, actor, session) => this.#closed(now, actor, session),
      data: (now, actor, session, plaintext) => this.#data(now, actor, session, plaintext)
    })
    this.#requests = new Requests({
      config,
      ports,
      counters: this.counters,
      events: this.#events,
      deliver: (now, actor, session, outputs) => this.#carryOut(now, actor, session, outputs)
    })
  }

  get gauges(): Readonly<Record<"devices" | "online" | "handshakes" | "commands" | "timers" | "inFlight", number>> {
    return {
      devices: this.#actors.size,
      online: this.counters.wentOnline - this.counters.wentOffline,
      handshakes: this.#associations.handshakesInProgress,
      commands: this.#commandOwner.size,
      timers: this.#wheel.size,
      inFlight: this.#requests.inFlight
    }
  }

  /** A frame from an edge (docs/architecture.md §2). */
  handleFrame(now: number, bytes: Uint8Array): void {
    const reader = new FrameReader(bytes)
    this.counters.framesIn++
    if (reader.malformed) {
      this.counters.framesMalformed++
      return
    }
    const edge = this.#edges.link(reader.origin, now)
    while (reader.next()) {
      const { kind, peer, body } = reader
      if (kind === FrameKind.Datagram) this.#datagram(now, edge, peer, body, true)
      else if (kind === FrameKind.Unrouted) this.#datagram(now, edge, peer, body, false)
      else if (kind === FrameKind.HalfHandshake) this.#associations.begin(now, edge, peer, body)
      else if (kind === FrameKind.ResumeHello) this.#associations.resume(now, edge, peer, body)
    }
    if (reader.malformed) this.counters.framesMalformed++
  }

  handlePsk(now: number, token: number, outcome: PskOutcome): void {
    this.#associations.handlePsk(now, token, outcome)
  }

  handleActivation(now: number, token: number, outcome: ActivationOutcome): void {
    this.#requests.handleActivation(now, token, outcome)
  }

  /** The store acknowledged what was given to it under `token`, or could not take it. */
  handleStored(now: number, token: number, stored: boolean): void {
    this.#requests.handleStored(now, token, stored)
  }

  /** An entry of the bucket COMMANDS that is not finished. */
  handleCommand(productKey: string, deviceKey: string, command: PendingCommand): void {
    const actor = this.#actorOf(productKey, deviceKey)
    if (actor.commands.put(command)) this.#commandOwner.set(command.id, actor)
    else this.counters.commandsOverLimit++
  }

  /** The command is finished: the bucket has its entry no more. */
  handleCommandGone(commandId: string): void {
    const actor = this.#commandOwner.get(commandId)
    if (actor === undefined) return
    this.#commandOwner.delete(commandId)
    actor.commands.remove(commandId)
    this.#settle(actor)
  }

  /**
   * The device's secret changed, or it was disabled, enabled or deleted. A session from before may do nothing more; it
   * learns so by 4.01 and goes when it falls silent (design §3, 5).
   */
  handleCredential(now: number, change: CredentialChange): void {
    const actor = this.#actors.get(actorKey(change.productKey, change.deviceKey))
    if (actor === undefined) return
    actor.psk = undefined
    const session = actor.session
    if (change.change === "enabled" || session === undefined || session.secureMode !== 2) return
    if (change.change === "secret" && session.facts.credentialVersion >= change.credentialVersion) return
    session.revoked = true
    this.#goOffline(now, actor, session, "credential")
  }

  /** Fires what is due. Call it about every `tickMillis` of the timer wheel. */
  handleTimeout(now: number): void {
    this.#wheel.advance(now, (actor) => this.#fire(now, actor))
    if (now - this.#sweptAt < sweepMillis) return
    this.#sweptAt = now
    this.#associations.expire(now)
    this.#edges.sweep(now)
  }

  /** What this node knows of a device (docs/architecture.md §4). */
  ask(productKey: string, deviceKey: string): DeviceAnswer {
    const actor = this.#actors.get(actorKey(productKey, deviceKey))
    const session = actor?.session
    if (actor === undefined || session === undefined) return { _tag: "Unknown" }
    return {
      _tag: "Known",
      online: session.online,
      lastSeenAt: session.lastSeenAt,
      address: formatPeerAddress(session.peer),
      suite: cipherSuiteName(session.dtls.suite),
      secureMode: session.secureMode,
      lifetimeSeconds: session.lifetimeMillis / 1000,
      pending: actor.pending
    }
  }

  /** Sends the frames that were collected since the last flush. */
  flush(): void {
    this.#edges.flush()
  }

  #datagram(now: number, edge: EdgeLink, peer: PeerAddress, datagram: Uint8Array, routed: boolean): void {
    this.counters.datagramsIn++
    if (this.#associations.continueHandshake(now, peer, datagram)) return
    const first = peekRecord(datagram)
    const hasCid = first?.contentType === ContentType.tls12_cid
    const actor = hasCid ? this.#table.findByCid(datagram, first.cidOffset) : this.#table.findByPeer(peer)
    const session = actor?.session
    if (actor === undefined || session === undefined) {
      this.counters.datagramsUnrouted++
      // Only the edge that believed in a route needs to hear that there is none.
      if (routed) this.#edges.add(edge, FrameKind.Unroute, 0, peer, hasCid ? cidOf(datagram, first.cidOffset) : noBytes)
      return
    }
    const alive = this.#associations.open(now, edge, peer, actor, session, datagram)
    if (!alive || actor.session !== session) return
    // Only now: a forged record under an observed connection id must not turn a device's route (F15).
    if (!routed) this.#associations.announceRoute(edge, actor, session.peer)
    this.#refresh(now, actor, session)
  }

  #data(now: number, actor: DeviceActor, session: DeviceSession, plaintext: Uint8Array): void {
    session.exchanges ??= new ServerExchanges(defaultServerSettings, this.#random)
    this.#carryOut(now, actor, session, session.exchanges.handleMessage(now, plaintext))
  }

  /** close_notify or a fatal alert, authenticated (conformance 28). The session id stays good for a resumption. */
  #closed(now: number, actor: DeviceActor, session: DeviceSession): void {
    this.#goOffline(now, actor, session, "closeNotify")
    this.#table.unbindRoutes(actor)
    session.exchanges = undefined
    session.lastTopic = undefined
  }

  #carryOut(now: number, actor: DeviceActor, session: DeviceSession, outputs: Outputs): void {
    for (const output of outputs) {
      switch (output._tag) {
        case "Transmit":
          this.#associations.send(actor, session, output.bytes)
          break
        case "Request":
          this.counters.requests++
          this.#requests.handleRequest(now, actor, session, output.exchange, output.request)
          break
        case "Ignored":
          this.counters.ignored(output.reason)
          break
        case "Settled":
          break
      }
    }
  }

  /** An authenticated record came: online again if it was not, and the Lifetime starts anew (design §3, 18). */
  #refresh(now: number, actor: DeviceActor, session: DeviceSession): void {
    const mayBeOnline = session.secureMode === 2 && !session.revoked && !session.dtls.closed
    if (!session.online && mayBeOnline) this.#goOnline(now, actor, session, "record")
    this.#arm(now, actor, session)
  }

  #established(now: number, actor: DeviceActor): void {
    const session = actor.session!
    if (session.secureMode === 2) this.#goOnline(now, actor, session, "handshake")
    this.#arm(now, actor, session)
  }

  #arm(now: number, actor: DeviceActor, session: DeviceSession): void {
    const silence =
      session.online || session.secureMode === 3 ? session.lifetimeMillis : this.#config.sessionIdleMillisMax
    const exchanges = session.exchanges?.deadline ?? Infinity
    this.#wheel.set(actor, Math.max(now, Math.min(session.lastSeenAt + silence, exchanges)))
  }

  #fire(now: number, actor: DeviceActor): void {
    const session = actor.session
    if (session === undefined) return
    if (session.exchanges !== undefined) {
      this.#carryOut(now, actor, session, session.exchanges.handleTimeout(now))
      if (session.exchanges.isIdle) {
        session.exchanges = undefined
        session.lastTopic = undefined
      }
    }
    const silentMillis = now - session.lastSeenAt
    if (session.online && silentMillis >= session.lifetimeMillis) this.#goOffline(now, actor, session, "lifetime")
    const keepMillis = session.secureMode === 3 ? session.lifetimeMillis : this.#config.sessionIdleMillisMax
    if (silentMillis >= keepMillis) {
      this.#table.unbind(actor)
      actor.session = undefined
      this.#settle(actor)
      return
    }
    this.#arm(now, actor, session)
  }

  #goOnline(now: number, actor: DeviceActor, session: DeviceSession, cause: "handshake" | "record"): void {
    if (!session.online) {
      session.online = true
      this.counters.wentOnline++
    }
    this.#events.presence(presenceOf(actor, session, "online", cause, now))
  }

  #goOffline(
    now: number,
    actor: DeviceActor,
    session: DeviceSession,
    cause: "lifetime" | "closeNotify" | "credential"
  ): void {
    if (!session.online) return
    session.online = false
    this.counters.wentOffline++
    this.#events.presence(presenceOf(actor, session, "offline", cause, now))
  }

  #actorOf(productKey: string, deviceKey: string): DeviceActor {
    const key = actorKey(productKey, deviceKey)
    const known = this.#actors.get(key)
    if (known !== undefined) return known
    const actor = new DeviceActor(productKey, deviceKey)
    this.#actors.set(key, actor)
    return actor
  }

  #settle(actor: DeviceActor): void {
    if (!actor.settle()) return
    this.#wheel.cancel(actor)
    this.#actors.delete(actorKey(actor.productKey, actor.deviceKey))
  }
}

const cidOf = (datagram: Uint8Array, offset: number): Uint8Array => datagram.slice(offset, offset + 8)
const noBytes = new Uint8Array(0)
/** How often handshakes and edges are looked through for those that are over. */
const sweepMillis = 1000
