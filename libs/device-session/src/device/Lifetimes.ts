import { TimerWheel } from "@roost/actors"
import type { Counters } from "../state/Counters.ts"
import { type DeviceActor, presenceOf } from "../state/DeviceActor.ts"
import type { Events } from "../host/Events.ts"
import type { Persistence } from "./Persistence.ts"
import type { SessionTable } from "../host/SessionTable.ts"
import type { Shares } from "../host/Shares.ts"
import type { Takeover } from "./Takeover.ts"
import type { DeviceSession } from "../state/DeviceSession.ts"

export interface LifetimesOptions {
  readonly now: number
  /** A session of a silent device is kept this long after its Lifetime, for the device's next wake-up. */
  readonly sessionIdleMillisMax: number
  readonly counters: Counters
  readonly events: Events
  readonly persistence: Persistence
  readonly takeover: Takeover
  readonly table: SessionTable
  readonly shares: Shares
  /** Lets a session's exchanges go on with what is due. */
  readonly exchangesDue: (now: number, actor: DeviceActor, session: DeviceSession) => void
}

/** When each device is online, and until when its session is kept: one timer per device for all of it (contract §7.18). */
export class Lifetimes {
  readonly #options: LifetimesOptions
  readonly #wheel: TimerWheel<DeviceActor>
  /** Nobody was heard before this time: silence does not count from earlier. */
  #deafUntil = 0
  /** Online sessions that came from the store, less those that left with their partition. */
  #onlineBrought = 0

  constructor(options: LifetimesOptions) {
    this.#options = options
    this.#wheel = new TimerWheel<DeviceActor>(options.now)
  }

  get timers(): number {
    return this.#wheel.size
  }

  get online(): number {
    const { wentOffline, wentOnline } = this.#options.counters
    return wentOnline - wentOffline + this.#onlineBrought
  }

  /** Fires what is due. */
  advance(now: number): void {
    this.#wheel.advance(now, (actor) => this.#fire(now, actor))
  }

  /** For how long nothing is due, `most` at most. */
  quietMillis(now: number, most: number): number {
    return this.#wheel.quietMillis(now, most)
  }

  /** What devices sent until now is lost: their Lifetimes begin anew, as after a takeover. */
  resume(now: number): void {
    this.#deafUntil = now
  }

  /** A session came from the store. */
  brought(now: number, actor: DeviceActor, session: DeviceSession): void {
    if (session.online) this.#onlineBrought++
    this.arm(now, actor, session)
  }

  /** The actor leaves with its partition, as it is. */
  forget(actor: DeviceActor): void {
    this.#wheel.cancel(actor)
    if (actor.session?.online === true) this.#onlineBrought--
  }

  /** A handshake was verified and stored. */
  established(now: number, actor: DeviceActor, session: DeviceSession): void {
    if (session.secureMode === 2) this.#goOnline(now, actor, session, "handshake")
    this.arm(now, actor, session)
  }

  /** An authenticated record came: online again if it was not, and the Lifetime starts anew. */
  refresh(now: number, actor: DeviceActor, session: DeviceSession): void {
    const mayBeOnline = session.secureMode === 2 && !session.revoked && !session.dtls.closed
    if (!session.online && mayBeOnline) this.#goOnline(now, actor, session, "record")
    this.arm(now, actor, session)
  }

  goOffline(
    now: number,
    actor: DeviceActor,
    session: DeviceSession,
    cause: "lifetime" | "closeNotify" | "credential"
  ): void {
    if (!session.online) return
    const { counters, events, persistence } = this.#options
    session.online = false
    counters.wentOffline++
    events.presence(presenceOf(actor, session, "offline", cause, now))
    persistence.touch(actor)
  }

  /** The credential changed: the stored session goes at once, this one answers 4.01 as long as its block lasts. */
  revoke(now: number, actor: DeviceActor, session: DeviceSession): void {
    const { restored } = session
    this.goOffline(now, actor, session, "credential")
    session.revoked = true
    if (restored !== undefined) this.end(actor)
    else this.#options.persistence.remove(actor)
  }

  arm(now: number, actor: DeviceActor, session: DeviceSession): void {
    const silence =
      session.online || session.secureMode === 3 ? session.lifetimeMillis : this.#options.sessionIdleMillisMax
    const exchanges = session.exchanges?.deadline ?? Infinity
    const heardAt = Math.max(session.lastSeenAt, this.#deafUntil)
    this.#wheel.set(actor, Math.max(now, Math.min(heardAt + silence, exchanges)))
  }

  /** Drops the actor if nothing is left to keep it for. */
  settle(actor: DeviceActor): void {
    if (!actor.settle()) return
    this.#wheel.cancel(actor)
    this.#options.shares.delete(actor)
  }

  #fire(now: number, actor: DeviceActor): void {
    const { exchangesDue, sessionIdleMillisMax, takeover } = this.#options
    const session = actor.session
    if (session === undefined) return
    if (session.exchanges !== undefined) exchangesDue(now, actor, session)
    const silentMillis = now - Math.max(session.lastSeenAt, this.#deafUntil)
    if (session.online && silentMillis >= session.lifetimeMillis) {
      // The trace that its last uplink left in the stream outlives no long silence.
      if (session.restored !== undefined) takeover.prepare(actor, session, session.restored)
      this.goOffline(now, actor, session, "lifetime")
    }
    const keepMillis = session.secureMode === 3 ? session.lifetimeMillis : sessionIdleMillisMax
    if (silentMillis >= keepMillis) this.end(actor)
    else this.arm(now, actor, session)
  }

  #goOnline(now: number, actor: DeviceActor, session: DeviceSession, cause: "handshake" | "record"): void {
    const { counters, events, persistence } = this.#options
    if (!session.online) {
      session.online = true
      counters.wentOnline++
      // A handshake is stored as online already.
      if (cause === "record") persistence.touch(actor)
    }
    events.presence(presenceOf(actor, session, "online", cause, now))
  }

  /** The session is over, here and in the store. */
  end(actor: DeviceActor): void {
    this.#options.table.unbind(actor)
    this.#options.persistence.remove(actor)
    actor.session = undefined
    this.settle(actor)
  }
}
