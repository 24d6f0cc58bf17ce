import type { Outputs } from "@roost/coap"
import type { CredentialChange, DeviceAnswer } from "@roost/contracts"
import { type Crypto, sequenceMax } from "@roost/dtls"
import type { Conversion } from "@roost/raw-script"
import * as Result from "effect/Result"
import { Associations } from "../device/Associations.ts"
import { CommandOwners } from "./CommandOwners.ts"
import { Counters, type Gauge } from "../state/Counters.ts"
import { answerOf, type DeviceActor } from "../state/DeviceActor.ts"
import type { DeviceSessionConfig } from "../state/DeviceSessionConfig.ts"
import { EdgeFrames } from "./EdgeFrames.ts"
import { EdgeLinks } from "./EdgeLinks.ts"
import { Events } from "./Events.ts"
import { HandOffs } from "../handshakes/HandOffs.ts"
import { HandshakeServer } from "../handshakes/HandshakeServer.ts"
import { Lifetimes } from "../device/Lifetimes.ts"
import { tellMessageRefusal } from "../requests/MessageRefusals.ts"
import { Ownership } from "./Ownership.ts"
import { type PendingCommand, withDeliveries } from "../state/PendingCommands.ts"
import { Persistence } from "../device/Persistence.ts"
import type {
  ActivationOutcome,
  Ports,
  PropertiesOutcome,
  PskOutcome,
  ReadOutcome,
  RecallOutcome,
  SaveOutcome
} from "../state/Ports.ts"
import { ProductProfiles } from "../requests/ProductProfiles.ts"
import { Requests } from "../requests/Requests.ts"
import { exchangesOf } from "../state/SessionExchanges.ts"
import { SessionTable } from "./SessionTable.ts"
import { Shares } from "./Shares.ts"
import { decodeStoredSession } from "../state/StoredSession.ts"
import { Takeover } from "../device/Takeover.ts"
import type { DeviceSession } from "../state/DeviceSession.ts"
import type { Held } from "../state/Held.ts"

/**
 * All devices of one session-actors process. Plain and synchronous: it is told what arrived and what time it is, and
 * calls its ports; nothing in it waits. One thread and no interleaving make it the single writer of every device.
 *
 *   frame ─► EdgeFrames ─► Associations (open, replay window) ─► ServerExchanges ─► Requests ─► ports
 *                                                                                      │
 *   frame ◄─ EdgeLinks  ◄─ Associations (seal) ◄──────────────── ServerExchanges ◄─────┘ at once, or by handle*
 *
 * `now` is in milliseconds and never runs backwards or steps: intervals are measured by it, and the ports get its moments. What
 * is stored for other hosts goes through `wallOf`. After each batch of calls `flush` sends what was collected for the edges.
 */
export class DeviceHost {
  /** What the devices' messages are judged by. */
  readonly profiles = new ProductProfiles()
  readonly counters = new Counters()
  readonly #edges: EdgeLinks
  readonly #shares = new Shares()
  readonly #commandOwners = new CommandOwners()
  readonly #lifetimes: Lifetimes
  readonly #table = new SessionTable()
  readonly #associations: Associations
  readonly #handOffs: HandOffs
  readonly #handshakes: HandshakeServer
  readonly #requests: Requests
  readonly #persistence: Persistence
  readonly #takeover: Takeover
  readonly #ownership: Ownership
  readonly #frames: EdgeFrames
  readonly #lost: (partition: number) => void
  readonly #events: Events
  readonly #random: () => number
  readonly #wallOf: (now: number) => number
  #sweptAt = 0

  constructor(options: {
    readonly config: DeviceSessionConfig
    readonly ports: Ports
    readonly crypto: Crypto
    /** 0 inclusive to 1 exclusive: jitter of CoAP. */
    readonly random: () => number
    readonly now: number
    /** What the wall clock says of a moment of the clock that `now` is read from; the same by default. */
    readonly wallOf?: (now: number) => number
    /** An entry of a newer owner was met: the partition has been abandoned, and its lease is not worth anything. */
    readonly lost?: (partition: number) => void
  }) {
    const { config, ports, crypto, random, wallOf = (now) => now } = options
    this.#random = random
    this.#wallOf = wallOf
    this.#edges = new EdgeLinks(config.nodeId, (edgeId, frame) => ports.publishFrame(edgeId, frame))
    this.#events = new Events({ ports, counters: this.counters, nodeId: config.nodeId, now: options.now })
    this.#lost = options.lost ?? (() => undefined)
    this.#persistence = new Persistence({
      config,
      ports,
      counters: this.counters,
      random,
      wallOf,
      fencingTokenOf: (partition) => this.#shares.get(partition)?.fencingToken,
      stored: (now, actor, session, acks) => this.#stored(now, actor, session, acks),
      settled: (actor) => this.#lifetimes.settle(actor),
      lost: (partition) => {
        this.abandon(partition)
        this.#lost(partition)
      }
    })
    this.#takeover = new Takeover({
      config,
      ports,
      persistence: this.#persistence,
      random,
      wallOf,
      ready: (now, actor, session, waiting) => this.#ready(now, actor, session, waiting),
      revoked: (now, actor, session) => this.#lifetimes.revoke(now, actor, session)
    })
    this.#lifetimes = new Lifetimes({
      now: options.now,
      sessionIdleMillisMax: config.sessionIdleMillisMax,
      counters: this.counters,
      events: this.#events,
      persistence: this.#persistence,
      takeover: this.#takeover,
      table: this.#table,
      shares: this.#shares,
      exchangesDue: (now, actor, session) => this.#exchangesDue(now, actor, session)
    })
    const parts = { counters: this.counters, edges: this.#edges, table: this.#table, persistence: this.#persistence }
    this.#associations = new Associations({
      config,
      crypto,
      counters: this.counters,
      edges: this.#edges,
      persistence: this.#persistence,
      closed: (now, actor, session, fatal) => this.#closed(now, actor, session, fatal),
      data: (now, actor, session, plaintext) => this.#data(now, actor, session, plaintext)
    })
    this.#handOffs = new HandOffs(options.now, config.handOffs)
    this.#handshakes = new HandshakeServer({
      config,
      crypto,
      ...parts,
      ports,
      events: this.#events,
      associations: this.#associations,
      profiles: this.profiles,
      random: this.#random,
      findActor: (productKey, deviceKey) => this.#shares.find(productKey, deviceKey),
      actorOf: (productKey, deviceKey) => this.#shares.actorOf(productKey, deviceKey),
      hold: (actor, session, held) => this.#frames.hold(actor, session, held),
      wallOf,
      actorsFull: () => this.#shares.devices >= config.devicesMax,
      revoke: (now, actor, session) => this.#lifetimes.revoke(now, actor, session),
      established: (now, actor) => this.#lifetimes.established(now, actor, actor.session!)
    })
    this.#requests = new Requests({
      config,
      ports,
      counters: this.counters,
      events: this.#events,
      persistence: this.#persistence,
      profiles: this.profiles,
      deliver: (now, actor, session, outputs) => {
        this.#carryOut(now, actor, session, outputs)
        // Whatever the answer was waiting for, a CON of ours is repeated from now on (RFC 7252 §4.2).
        if (actor.session === session) this.#lifetimes.arm(now, actor, session)
      }
    })
    this.#ownership = new Ownership({
      shares: this.#shares,
      ports,
      counters: this.counters,
      persistence: this.#persistence,
      opened: (actor) => this.#takeover.opened(actor),
      inFlightOf: (partition) => this.#requests.inFlightOf(partition),
      again: (now, held) => this.#frames.handleHeld(now, held),
      forget: (actor) => this.#forget(actor),
      dropHandshakes: (partition) => this.#handshakes.dropPartition(partition)
    })
    this.#frames = new EdgeFrames({
      ...parts,
      shares: this.#shares,
      ownership: this.#ownership,
      handOffs: this.#handOffs,
      handshakes: this.#handshakes,
      takeover: this.#takeover,
      associations: this.#associations,
      lifetimes: this.#lifetimes
    })
  }

  get gauges(): Readonly<Record<Gauge, number>> {
    return {
      devices: this.#shares.devices,
      online: this.#lifetimes.online,
      partitions: this.#shares.size,
      loading: this.#shares.loading,
      saving: this.#persistence.inFlight,
      handshakes: this.#handshakes.size,
      commands: this.#commandOwners.size,
      timers: this.#lifetimes.timers,
      inFlight: this.#requests.inFlight
    }
  }

  /** Handshakes that wait for their turn, and bytes of datagrams that wait for their partition. */
  get waiting() {
    return { handshakes: this.#handOffs.size, bytes: this.#shares.heldBytes }
  }

  /** A frame from an edge (docs/architecture.md §2). */
  handleFrame(now: number, bytes: Uint8Array): void {
    this.#frames.handleFrame(now, bytes)
  }

  handlePsk(now: number, token: number, outcome: PskOutcome): void {
    this.#handshakes.handlePsk(now, token, outcome)
  }

  handleActivation(now: number, token: number, outcome: ActivationOutcome): void {
    this.#requests.handleActivation(now, token, outcome)
  }

  handleConverted(now: number, token: number, conversion: Conversion): void {
    this.#requests.handleConverted(now, token, conversion)
  }

  handleProperties(now: number, token: number, outcome: PropertiesOutcome): void {
    this.#requests.handleProperties(now, token, outcome)
  }

  /** The store acknowledged what was given to it under `token`, or could not take it. */
  handleStored(now: number, token: number, stored: boolean): void {
    this.#requests.handleStored(now, token, stored)
  }

  /** What became of a write to the bucket SESSIONS. */
  handleSaved(now: number, token: number, outcome: SaveOutcome): void {
    this.#persistence.handleSaved(now, token, outcome)
  }

  handleRead(now: number, token: number, outcome: ReadOutcome): void {
    this.#persistence.handleRead(now, token, outcome)
  }

  handleRecalled(now: number, token: number, outcome: RecallOutcome): void {
    this.#takeover.handleRecalled(now, token, outcome)
  }

  /**
   * The partition is this node's from now on; `restore` gives its sessions one by one, and `open` says that all are
   * here. What comes for it meanwhile waits. `fencingToken` is larger than that of every former owner.
   */
  acquire(now: number, partition: number, fencingToken: number): void {
    this.#ownership.acquire(now, partition, fencingToken)
  }

  /** An entry of the bucket SESSIONS, opened; undefined if this cluster's key does not open it. */
  restore(now: number, revision: number, record: Uint8Array | undefined): void {
    const decoded = record === undefined ? undefined : decodeStoredSession(record, this.#wallOf(now))
    if (decoded === undefined || Result.isFailure(decoded)) {
      this.counters.sessionsUnreadable++
      return
    }
    const stored = decoded.success
    const actor = this.#shares.actorOf(stored.productKey, stored.deviceKey)
    if (actor === undefined || actor.session !== undefined) return
    const session = this.#takeover.sessionOf(now, stored, this.#edges.link(stored.edgeId, now))
    // All numbers are used: whatever the device sends, nothing can be answered. It handshakes again.
    if (session.dtls.writeSequence >= sequenceMax) return
    this.counters.sessionsRestored++
    actor.revision = revision
    actor.session = session
    if (stored.commands.length > 0) actor.commands.restore(withDeliveries(stored.commands, now))
    this.#table.restore(actor)
    this.#lifetimes.brought(now, actor, session)
  }

  /** All sessions and commands of the partition are here. */
  open(now: number, partition: number, fencingToken: number): void {
    this.#ownership.open(now, partition, fencingToken)
  }

  /** Another node is to have the partition: its last state is stored, then it is forgotten, then `done` is called. */
  release(now: number, partition: number, done: () => void): void {
    this.#ownership.release(now, partition, done)
  }

  /** The lease is lost: nothing more is sent for the partition and nothing is stored. */
  abandon(partition: number): void {
    this.#ownership.abandon(partition)
  }

  /** An entry of the bucket COMMANDS that is not finished. */
  handleCommand(productKey: string, deviceKey: string, command: PendingCommand): void {
    const actor = this.#shares.actorOf(productKey, deviceKey)
    if (actor === undefined) return
    if (!this.#commandOwners.put(actor, command)) this.counters.commandsOverLimit++
  }

  /** The command is finished: the bucket has its entry no more. */
  handleCommandGone(commandId: string): void {
    const actor = this.#commandOwners.remove(commandId)
    if (actor !== undefined) this.#lifetimes.settle(actor)
  }

  /** The wall clock was set forward by so many milliseconds, or back: commands expire by it, and by nothing else here. */
  handleClockStep(millis: number): void {
    this.#commandOwners.postpone(-millis)
  }

  /**
   * The device's secret changed, or it was disabled, enabled or deleted. A session from before may do nothing more; it
   * learns so by 4.01 and goes when it falls silent (contract §7.5).
   */
  handleCredential(now: number, change: CredentialChange): void {
    this.#handshakes.noteCredential(now, change.productKey, change.deviceKey, change.credentialVersion)
    const actor = this.#shares.find(change.productKey, change.deviceKey)
    if (actor === undefined) return
    actor.psk = undefined
    const session = actor.session
    if (session === undefined || session.secureMode !== 2) return
    if (session.facts.credentialVersion >= change.credentialVersion) return
    this.#lifetimes.revoke(now, actor, session)
  }

  /** False: changes of credentials are not heard until further notice, so the registry is asked for every key. */
  noteCredentialsHeard(heard: boolean): void {
    this.#handshakes.noteCredentialsHeard(heard)
  }

  /**
   * The node serves again after it could not for a while: it was paused, or NATS was away. What devices sent meanwhile is
   * lost, so their Lifetimes begin anew, as after a takeover.
   */
  resume(now: number): void {
    this.#lifetimes.resume(now)
  }

  /** Fires what is due. Call it about every `tickMillis` of the timer wheel. */
  handleTimeout(now: number): void {
    this.#lifetimes.advance(now)
    this.#persistence.handleTimeout(now)
    this.#persistence.flush(now)
    this.#ownership.leave(now)
    if (now - this.#sweptAt < sweepMillis) return
    this.#sweptAt = now
    this.#takeover.handleTimeout()
    this.#handshakes.expire(now)
    this.#shares.expire(now)
    this.#edges.sweep(now)
  }

  /** For how long `handleTimeout` has nothing to do if nothing else is called; `most` if that is longer. */
  quietMillis(now: number, most: number): number {
    if (this.#persistence.waits || this.#ownership.leaves || this.#handOffs.size > 0) return 0
    const untilSweep =
      this.#handshakes.size === 0 && !this.#takeover.owes ? most : Math.max(0, this.#sweptAt + sweepMillis - now)
    return Math.min(this.#lifetimes.quietMillis(now, most), untilSweep, this.#events.quietMillis(now, most))
  }

  /** What this node knows of a device (docs/architecture.md §4). */
  ask(productKey: string, deviceKey: string): DeviceAnswer {
    const actor = this.#shares.find(productKey, deviceKey)
    return actor?.session === undefined ? { _tag: "Unknown" } : answerOf(actor, actor.session)
  }

  /**
   * Ends a turn: begins handshakes that waited, stores what it changed, and sends the frames that were collected. True if the
   * next turn can begin more of them at once.
   */
  flush(now: number): boolean {
    for (const held of this.#handOffs.turn(now)) this.#frames.begin(now, held)
    for (const actor of this.#commandOwners.takeOvertaken()) this.#requests.tellOvertaken(now, actor)
    this.#persistence.flush(now)
    this.#ownership.leave(now)
    this.#edges.flush()
    this.#events.flush(now)
    return this.#handOffs.isCut
  }

  #data(now: number, actor: DeviceActor, session: DeviceSession, plaintext: Uint8Array): void {
    session.exchanges ??= exchangesOf(session, this.#random)
    this.#carryOut(now, actor, session, session.exchanges.handleMessage(now, plaintext))
  }

  /**
   * close_notify or a fatal alert, authenticated (S28). The session id stays good for a resumption, unless the
   * alert was fatal (RFC 5246 §7.2.2): then nothing is left of the session. Most devices say close_notify before each nap,
   * and their Lifetime says how long they may sleep (contract §3.7).
   */
  #closed(now: number, actor: DeviceActor, session: DeviceSession, fatal: boolean): void {
    if (fatal || session.facts.closeNotify === "offline") {
      this.#lifetimes.goOffline(now, actor, session, "closeNotify")
    }
    if (fatal) return this.#lifetimes.end(actor)
    this.#table.unbindRoutes(actor)
    // A resumption may bring copies of what was answered here.
    session.exchanges?.end()
    if (session.exchanges?.isIdle === true) session.exchanges = undefined
    session.lastTopic = undefined
    this.#persistence.touch(actor)
  }

  #carryOut(now: number, actor: DeviceActor, session: DeviceSession, outputs: Outputs): void {
    for (const output of outputs) {
      switch (output._tag) {
        case "Transmit":
          this.#associations.send(actor, session, output.bytes)
          if (output.cause !== "Response") tellMessageRefusal(this.#events, now, session, output)
          break
        case "Request":
          this.counters.requests++
          this.#requests.handleRequest(now, {
            actor,
            session,
            exchange: output.exchange,
            request: output.request,
            original: undefined,
            mayRepeat: output.mayRepeat
          })
          break
        case "Ignored":
          this.counters.ignored(output.reason)
          tellMessageRefusal(this.#events, now, session, output)
          break
        case "Settled":
          if (output.outcome !== "Acknowledged") this.counters.ignored(`Separate${output.outcome}`)
          // The store says until then that the answer is owed.
          this.#persistence.touchLater(actor)
          break
        case "AckDue":
          ;(session.acksDue ??= []).push(output.exchange)
          this.#persistence.touch(actor)
          break
      }
    }
  }

  #exchangesDue(now: number, actor: DeviceActor, session: DeviceSession): void {
    const { exchanges } = session
    if (exchanges === undefined) return
    this.#carryOut(now, actor, session, exchanges.handleTimeout(now))
    if (exchanges.isIdle) session.exchanges = session.lastTopic = undefined
  }

  /** `acks`: exchanges that the store knows to be owed an answer now. */
  #stored(now: number, actor: DeviceActor, session: DeviceSession, acks: ReadonlyArray<number>): void {
    if (actor.session !== session) return
    if (session.restored !== undefined) return this.#takeover.stored(now, actor, session)
    this.#associations.sendParked(actor, session)
    for (const exchange of acks) {
      const outputs = session.exchanges?.acknowledge(exchange) ?? []
      this.#carryOut(now, actor, session, outputs)
      // It was answered meanwhile, which the store does not know.
      if (outputs.length === 0) this.#persistence.touchLater(actor)
    }
  }

  #ready(now: number, actor: DeviceActor, session: DeviceSession, waiting: ReadonlyArray<Held>): void {
    this.counters.sessionsTakenUp++
    this.#requests.answerOwed(now, actor, session)
    for (const held of waiting) this.#frames.handleHeld(now, held)
    if (actor.session === session) this.#lifetimes.arm(now, actor, session)
  }

  /** Drops an actor as it is: the device is another node's now. */
  #forget(actor: DeviceActor): void {
    const { session } = actor
    this.#commandOwners.forget(actor)
    this.#lifetimes.forget(actor)
    actor.saving = undefined
    if (session === undefined) return
    this.#table.unbind(actor)
    actor.session = undefined
  }
}

/** How often handshakes and edges are looked through for those that are over. */
const sweepMillis = 1000
