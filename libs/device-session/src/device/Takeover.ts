import { defaultServerSettings } from "@roost/coap"
import { raiseFloor } from "@roost/dtls"
import { UplinkKind } from "@roost/enos"
import type { DeviceActor } from "../state/DeviceActor.ts"
import type { DeviceSession, Restored } from "../state/DeviceSession.ts"
import type { DeviceSessionConfig } from "../state/DeviceSessionConfig.ts"
import type { EdgeLink } from "../state/EdgeLink.ts"
import type { Held } from "../state/Held.ts"
import type { Persistence } from "./Persistence.ts"
import type { Ports, RecallOutcome } from "../state/Ports.ts"
import { restoredSequence } from "../state/RestoredSequence.ts"
import { exchangesOf } from "../state/SessionExchanges.ts"
import type { StoredSession } from "../state/StoredSession.ts"

export interface TakeoverOptions {
  readonly config: DeviceSessionConfig
  readonly ports: Ports
  readonly persistence: Persistence
  /** 0 inclusive to 1 exclusive. */
  readonly random: () => number
  /** What the wall clock says of a moment of the host's clock. */
  readonly wallOf: (now: number) => number
  /** The session may be used; `waiting` came for it meanwhile. */
  readonly ready: (now: number, actor: DeviceActor, session: DeviceSession, waiting: ReadonlyArray<Held>) => void
  /** The credential changed after the handshake: the session is over. */
  readonly revoked: (now: number, actor: DeviceActor, session: DeviceSession) => void
}

/**
 * Makes a session that came from the bucket usable when the first datagram comes for it, not before: most devices are
 * asleep when their owner changes. Two things are due, at once:
 *
 * - a block of write sequence numbers, reserved by a compare-and-set that also takes the entry from every former owner;
 * - what former owners accepted after their last write: the newest uplink of each kind has the session's newest record
 *   in a header. Everything up to it is a replay from now on, and a new record with the same CoAP message is answered
 *   without being stored again.
 */
export class Takeover {
  readonly #options: TakeoverOptions
  readonly #asked = new Map<number, { readonly actor: DeviceActor; readonly session: DeviceSession }>()
  /** With requests that a former owner acknowledged empty: their devices wait for the answer and send nothing. */
  readonly #owing = new Set<DeviceActor>()
  #token = 0

  constructor(options: TakeoverOptions) {
    this.#options = options
  }

  /** The actor's session as `stored` says. */
  sessionOf(now: number, stored: StoredSession, edge: EdgeLink): DeviceSession {
    const { config, random, wallOf } = this.#options
    const { dtls } = stored
    const wall = wallOf(now)
    dtls.writeSequence = restoredSequence(dtls.writeLimit, wall - stored.establishedAt, random)
    dtls.writeLimit = dtls.writeSequence
    const lifetimeMillis = stored.lifetimeSeconds * 1000
    // What an owner that died saw last is not known: a whole Lifetime from now is late at worst, never wrong.
    const seenAt = stored.final ? now - Math.min(stored.silentMillis, Math.max(0, lifetimeMillis - graceMillis)) : now
    // How long an offline device has been silent only clocks can tell: one that is wrong ends no session at once.
    const silentAt = Math.max(
      now - Math.max(0, wall - stored.lastSeenAt),
      now - config.sessionIdleMillisMax + idleGraceMillis
    )
    const lastSeenAt = stored.online ? seenAt : silentAt
    const session: DeviceSession = {
      productKey: stored.productKey,
      deviceKey: stored.deviceKey,
      secureMode: stored.secureMode,
      lifetimeMillis,
      dtls,
      handle: stored.handle,
      scope: stored.scope,
      formerScope: undefined,
      facts: stored.facts,
      revoked: false,
      exchanges: undefined,
      lastTopic: undefined,
      peer: stored.peer,
      edge,
      path: undefined,
      lastSeenAt,
      online: stored.online,
      requestsLeft: config.requestsBurstMax,
      requestsAt: now,
      establishedAt: stored.establishedAt,
      savedSeenAt: lastSeenAt,
      kinds: stored.kinds,
      restored: { waiting: [], fenced: false, recalled: false, asked: false, seenAt: now - (wall - stored.lastSeenAt) },
      recalled: undefined,
      acksDue: undefined,
      outbox: undefined
    }
    const exchanges = exchangesOf(session, random)
    if (exchanges.restore(now, stored.exchanges) && !exchanges.isIdle) session.exchanges = exchanges
    return session
  }

  /** Something came for a restored session; false if too much waits already. */
  hold(actor: DeviceActor, session: DeviceSession, restored: Restored, held: Held): boolean {
    const { waiting } = restored
    const bytes = waiting.reduce((sum, { body }) => sum + body.length, held.body.length)
    const fits = waiting.length < heldMax && bytes <= heldBytesMax
    if (fits) restored.waiting.push(held)
    this.prepare(actor, session, restored)
    return fits
  }

  /** Asks for what a restored session lacks. */
  prepare(actor: DeviceActor, session: DeviceSession, restored: Restored): void {
    const { persistence, ports } = this.#options
    if (!restored.fenced) persistence.touch(actor)
    if (!restored.asked && !restored.recalled) {
      restored.asked = true
      this.#asked.set(++this.#token, { actor, session })
      const kinds = UplinkKind.filter((_, index) => (session.kinds & (1 << index)) !== 0)
      ports.recall(this.#token, session.productKey, session.deviceKey, kinds)
    }
  }

  /** Devices wait for an answer that their former owner owed them. */
  get owes(): boolean {
    return this.#owing.size > 0
  }

  /** The actor's partition is open: an answer that is owed does not wait until the device is heard. */
  opened(actor: DeviceActor): void {
    const { session } = actor
    if (session?.restored === undefined || session.exchanges === undefined || session.exchanges.owed.length === 0)
      return
    this.#owing.add(actor)
    this.prepare(actor, session, session.restored)
  }

  /** Asks again for what the store or the streams did not give. */
  handleTimeout(): void {
    for (const actor of this.#owing) {
      const { session } = actor
      if (session?.restored === undefined) this.#owing.delete(actor)
      else this.prepare(actor, session, session.restored)
    }
  }

  /** The session is stored under this owner. */
  stored(now: number, actor: DeviceActor, session: DeviceSession): void {
    if (session.restored === undefined) return
    session.restored.fenced = true
    this.#goOn(now, actor, session, session.restored)
  }

  handleRecalled(now: number, token: number, outcome: RecallOutcome): void {
    const asked = this.#asked.get(token)
    this.#asked.delete(token)
    if (asked === undefined) return
    const { actor, session } = asked
    const { restored } = session
    if (actor.session !== session || restored === undefined) return
    if (outcome._tag === "Unavailable") {
      // The device's next datagram asks again.
      restored.asked = false
      return
    }
    if (outcome.credentialVersion > session.facts.credentialVersion && session.secureMode === 2) {
      this.#options.revoked(now, actor, session)
      return
    }
    const own = outcome.uplinks.filter(({ session: handle }) => handle === session.handle)
    for (const { record } of own) raiseFloor(session.dtls, record)
    // From now: the streams tell when they were stored by another host's clock.
    const until = now + defaultServerSettings.tuning.exchangeLifetimeMillis
    session.recalled = own.length === 0 ? undefined : { ids: own.map(({ id }) => id), until }
    restored.recalled = true
    this.#goOn(now, actor, session, restored)
  }

  #goOn(now: number, actor: DeviceActor, session: DeviceSession, restored: Restored): void {
    if (!restored.fenced || !restored.recalled) return
    session.restored = undefined
    this.#options.ready(now, actor, session, restored.waiting)
  }
}

/** Bit of an uplink's kind in `StoredSession.kinds`. */
export const kindBit = (kind: UplinkKind): number => 1 << UplinkKind.indexOf(kind)

/** Datagrams of one device that wait for its session, and their bytes; what is more, it sends again. */
const heldMax = 8
const heldBytesMax = 4096
/** What a device may have sent while its partition had no owner is heard before it is called silent. */
const graceMillis = 10_000
/** A session of a device that has been offline for too long, by the clock, is kept this long after a takeover. */
const idleGraceMillis = 3_600_000
