import * as Result from "effect/Result"
import type { Counters } from "../state/Counters.ts"
import type { DeviceActor } from "../state/DeviceActor.ts"
import type { DeviceSession } from "../state/DeviceSession.ts"
import type { Saving, Write } from "../state/Saving.ts"
import type { DeviceSessionConfig } from "../state/DeviceSessionConfig.ts"
import { withDeliveries } from "../state/PendingCommands.ts"
import type { Ports, ReadOutcome, SaveOutcome } from "../state/Ports.ts"
import { reservedEnd, restoredSequence } from "../state/RestoredSequence.ts"
import { decodeStoredSession, encodeStoredSession } from "../state/StoredSession.ts"

export interface PersistenceOptions {
  readonly config: DeviceSessionConfig
  readonly ports: Ports
  readonly counters: Counters
  /** 0 inclusive to 1 exclusive. */
  readonly random: () => number
  /** What the wall clock says of a moment of the host's clock. */
  readonly wallOf: (now: number) => number
  /** Undefined: the partition is not this node's. */
  readonly fencingTokenOf: (partition: number) => number | undefined
  /** The session is stored, and may seal up to its `writeLimit`. */
  readonly stored: (now: number, actor: DeviceActor, session: DeviceSession, acks: ReadonlyArray<number>) => void
  /** Nothing of the actor is on its way any more. */
  readonly settled: (actor: DeviceActor) => void
  /** Another owner, with a larger fencing token, has written an entry of this partition. */
  readonly lost: (partition: number) => void
}

/**
 * Keeps the bucket SESSIONS as far behind its actors as is safe: a session is there before its Finished is answered,
 * a block of write sequence numbers before the first of them is used, a transition between online and offline by the
 * end of the turn. Uplinks write nothing here: their own trace in the stream is enough (`Takeover`).
 *
 * Every write is a compare-and-set on the entry's revision. Who loses it reads the entry: a larger fencing token in it
 * means that the partition is lost, a smaller one is a former owner's last word and is overwritten.
 */
export class Persistence {
  readonly #options: PersistenceOptions
  readonly #asked = new Map<number, DeviceActor>()
  #soon: Array<DeviceActor> = []
  #later: Array<DeviceActor> = []
  #token = 0

  constructor(options: PersistenceOptions) {
    this.#options = options
  }

  /** Writes in flight. */
  get inFlight(): number {
    return this.#asked.size
  }

  /**
   * Stores the session of a verified handshake and calls `stored` then, never inside this call; tried until `until`,
   * unless a newer handshake of the device takes its place.
   */
  establish(
    now: number,
    actor: DeviceActor,
    session: DeviceSession,
    until: number,
    stored: (now: number) => void
  ): void {
    const saving = (actor.saving ??= idle())
    saving.gone = false
    saving.candidate = { session, until, stored }
    this.#write(now, actor, saving)
  }

  /** The session of a verified handshake that is not stored yet. */
  candidateOf(actor: DeviceActor): DeviceSession | undefined {
    return actor.saving?.candidate?.session
  }

  /** Something is to be stored by the end of this turn. */
  touch(actor: DeviceActor): void {
    const saving = (actor.saving ??= idle())
    saving.dirty = true
    if (saving.soon) return
    saving.soon = true
    this.#soon.push(actor)
  }

  /** Something is to be stored by the next tick: what would only be a nuisance if it happened twice. */
  touchLater(actor: DeviceActor): void {
    const saving = (actor.saving ??= idle())
    if (saving.dirty) return
    saving.dirty = true
    this.#later.push(actor)
  }

  /** The last state of a session whose partition is given up. */
  finish(now: number, actor: DeviceActor): void {
    const saving = (actor.saving ??= idle())
    saving.dirty = true
    saving.final = true
    this.#write(now, actor, saving)
  }

  /** The session is over. */
  remove(actor: DeviceActor): void {
    const { saving } = actor
    if (saving?.inFlight !== undefined) {
      saving.gone = true
      saving.dirty = false
      return
    }
    if (actor.revision > 0) this.#options.ports.deleteSession(actor.revision)
    actor.revision = 0
    if (saving?.candidate === undefined) actor.saving = undefined
  }

  /** Ends a turn. */
  flush(now: number): void {
    if (this.#soon.length === 0) return
    const actors = this.#soon
    this.#soon = []
    for (const actor of actors) {
      const { saving } = actor
      if (saving === undefined) continue
      saving.soon = false
      if (saving.dirty) this.#write(now, actor, saving)
    }
  }

  /** Ends a tick: what may wait, and what could not be sent before. */
  handleTimeout(now: number): void {
    if (this.#later.length === 0) return
    const actors = this.#later
    this.#later = []
    for (const { saving } of actors) if (saving !== undefined) saving.waits = false
    for (const actor of actors) {
      const { saving } = actor
      if (saving === undefined) continue
      if (saving.candidate !== undefined && now >= saving.candidate.until) saving.candidate = undefined
      this.#write(now, actor, saving)
    }
  }

  /** Something waits for the next tick. */
  get waits(): boolean {
    return this.#later.length > 0 || this.#soon.length > 0
  }

  handleSaved(now: number, token: number, outcome: SaveOutcome): void {
    const actor = this.#take(token)
    const saving = actor?.saving
    const write = saving?.inFlight
    if (actor === undefined || saving === undefined || write === undefined) return
    if (outcome._tag === "Refused") {
      saving.inFlight = undefined
      failed(saving, write)
      saving.notBefore = now + Math.min(refusedMillisMax, refusedMillisMin * 2 ** saving.refusals++)
      this.#again(now, actor, saving)
      return
    }
    if (outcome._tag !== "Saved") {
      this.#options.counters.savesRepeated++
      this.#options.ports.readSession(this.#ask(actor), actor.productKey, actor.deviceKey)
      return
    }
    saving.inFlight = undefined
    saving.failures = 0
    saving.refusals = 0
    saving.notBefore = -Infinity
    actor.revision = outcome.revision
    this.#options.counters.sessionsSaved++
    const { candidate, session } = write
    session.dtls.writeLimit = Math.max(session.dtls.writeLimit, write.writeLimit)
    session.savedSeenAt = write.seenAt
    if (saving.gone) {
      saving.gone = false
      this.remove(actor)
    } else if (candidate === undefined) {
      this.#options.stored(now, actor, session, write.acks)
    } else {
      if (saving.candidate === candidate) saving.candidate = undefined
      candidate.stored(now)
    }
    this.#next(now, actor, saving)
  }

  handleRead(now: number, token: number, outcome: ReadOutcome): void {
    const actor = this.#take(token)
    const saving = actor?.saving
    const write = saving?.inFlight
    if (actor === undefined || saving === undefined || write === undefined) return
    saving.inFlight = undefined
    failed(saving, write)
    if (outcome._tag === "Unavailable") {
      this.#again(now, actor, saving)
      return
    }
    actor.revision = outcome._tag === "Found" ? outcome.revision : 0
    const decoded =
      outcome._tag === "Found" && outcome.record !== undefined
        ? decodeStoredSession(outcome.record, this.#options.wallOf(now))
        : undefined
    if (decoded !== undefined && Result.isSuccess(decoded)) {
      const { dtls, fencingToken, handle } = decoded.success
      const own = this.#options.fencingTokenOf(actor.partition)
      if (own === undefined || fencingToken > own) {
        this.#options.counters.partitionsLost++
        this.#options.lost(actor.partition)
        return
      }
      if (fencingToken < own && handle === write.session.handle) {
        // A former owner reserved a block after this one had read the entry, and may have used it.
        const { dtls: session, establishedAt } = write.session
        const { random, wallOf } = this.#options
        const end = Math.max(session.writeLimit, dtls.writeLimit)
        session.writeSequence = restoredSequence(end, wallOf(now) - establishedAt, random)
        session.writeLimit = session.writeSequence
      }
    }
    if (saving.gone) this.remove(actor)
    if (++saving.failures > writesMax) this.#again(now, actor, saving)
    else this.#next(now, actor, saving)
  }

  #next(now: number, actor: DeviceActor, saving: Saving): void {
    if (actor.saving === saving) this.#write(now, actor, saving)
    else if (actor.saving === undefined) this.#options.settled(actor)
  }

  #write(now: number, actor: DeviceActor, saving: Saving): void {
    if (saving.inFlight !== undefined) return
    if (now < saving.notBefore && !saving.final) {
      if (!saving.waits) this.#later.push(actor)
      saving.waits = true
      return
    }
    const { config, fencingTokenOf, ports, settled, wallOf } = this.#options
    const candidate = saving.candidate
    const session = candidate?.session ?? (saving.dirty ? actor.session : undefined)
    const fencingToken = fencingTokenOf(actor.partition)
    if (session === undefined || fencingToken === undefined || session.revoked) {
      actor.saving = undefined
      settled(actor)
      return
    }
    saving.dirty = false
    const { final } = saving
    const kept = final ? allExchanges : lastExchanges
    const elapsedMillis = wallOf(now) - session.establishedAt
    const writeLimit = reservedEnd(session.dtls, config.writeBlockRecords, elapsedMillis)
    const acks = (candidate === undefined ? session.acksDue : undefined) ?? noAcks
    if (acks !== noAcks) session.acksDue = undefined
    const write = { session, candidate, writeLimit, seenAt: session.lastSeenAt, acks }
    saving.inFlight = write
    const { deviceKey, dtls, edge, establishedAt, exchanges, facts, handle, kinds, lastSeenAt, peer, productKey } =
      session
    const record = encodeStoredSession(
      {
        fencingToken,
        productKey,
        deviceKey,
        secureMode: session.secureMode,
        lifetimeSeconds: session.lifetimeMillis / 1000,
        handle,
        scope: session.scope,
        establishedAt,
        lastSeenAt: wallOf(lastSeenAt),
        silentMillis: Math.max(0, now - lastSeenAt),
        online: candidate === undefined ? session.online : session.secureMode === 2,
        final,
        kinds,
        facts,
        edgeId: edge.edgeId,
        peer,
        dtls,
        exchanges: exchanges?.serialize(now, kept.count, kept.replyBytes) ?? noExchanges,
        commands: withDeliveries(actor.commandNotes, now)
      },
      writeLimit
    )
    const token = this.#ask(actor)
    if (ports.saveSession(token, productKey, deviceKey, actor.revision, record)) return
    this.#asked.delete(token)
    saving.inFlight = undefined
    failed(saving, write)
    this.#again(now, actor, saving)
  }

  /** The store can't be reached: the next tick tries again. A handshake is given up when its device has given up. */
  #again(now: number, actor: DeviceActor, saving: Saving): void {
    saving.failures = 0
    if (saving.candidate !== undefined && now >= saving.candidate.until) saving.candidate = undefined
    this.#options.counters.savesFailed++
    this.#later.push(actor)
  }

  #ask(actor: DeviceActor): number {
    this.#token++
    this.#asked.set(this.#token, actor)
    return this.#token
  }

  #take(token: number): DeviceActor | undefined {
    const actor = this.#asked.get(token)
    this.#asked.delete(token)
    return actor
  }
}

/** What the write had is to be written still. */
const failed = (saving: Saving, { acks, candidate, session }: Write): void => {
  saving.dirty ||= candidate === undefined
  if (acks.length > 0) session.acksDue = [...acks, ...(session.acksDue ?? [])]
}

const noAcks: ReadonlyArray<number> = []

const idle = (): Saving => ({
  candidate: undefined,
  dirty: false,
  soon: false,
  gone: false,
  final: false,
  failures: 0,
  refusals: 0,
  notBefore: -Infinity,
  waits: false,
  inFlight: undefined
})

/** Between writes of one session to a store that refuses them: doubled each time. */
const refusedMillisMin = 250
const refusedMillisMax = 4_000
/** Compare-and-sets that are lost in a row before the next tick is waited for. */
const writesMax = 4
/** Exchanges in an ordinary write, and bytes of their answers: the uplinks among them are known to the stream anyway. */
const lastExchanges = { count: 4, replyBytes: 1024 }
/** Exchanges in the last write of an owner, and bytes of their answers. */
const allExchanges = { count: 64, replyBytes: 16 * 1024 }
const noExchanges = Uint8Array.of(0)
