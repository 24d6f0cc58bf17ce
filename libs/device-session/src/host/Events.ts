import {
  type DeviceEvent,
  type DeviceEventKind,
  formatPeerAddress,
  type PeerAddress,
  type Presence
} from "@roost/contracts"
import { type StrangerRefusal, StrangerReports } from "@roost/strangers"
import type { Counters } from "../state/Counters.ts"
import { type Admission, EventLimiter } from "./EventLimiter.ts"
import type { Ports } from "../state/Ports.ts"

/** What an event has beside its reason. */
export interface EventMore extends Admission {
  readonly detail?: DeviceEvent["detail"] | undefined
}

/** Refusals of strangers that wait for the end of a turn; more are only counted. */
const strangersPerTurnMax = 4096

/**
 * What operators get to see: why something was refused, who went online. Reasons never go on the air (contract §7.3). Events
 * are told by `flush`, when the turn's answers are on their way: what they cost delays no device, and nobody can measure
 * by a device's answer which event there was.
 */
export class Events {
  readonly #ports: Ports
  readonly #counters: Counters
  readonly #limiter: EventLimiter
  readonly #strangers: StrangerReports
  #waiting: Array<DeviceEvent> = []
  #refused: Array<StrangerRefusal> = []

  constructor(options: {
    readonly ports: Ports
    readonly counters: Counters
    readonly nodeId: string
    readonly now: number
  }) {
    this.#ports = options.ports
    this.#counters = options.counters
    this.#limiter = new EventLimiter(options.now)
    this.#strangers = new StrangerReports(options.nodeId, options.now)
  }

  presence(presence: Presence): void {
    this.#ports.publishPresence(presence)
  }

  /** Of a device that is registered. `reason`: what came, what was expected, the likely cause and the cure. */
  happened(
    now: number,
    device: { readonly productKey: string; readonly deviceKey: string },
    kind: DeviceEventKind,
    peer: PeerAddress,
    reason: string,
    more: EventMore = {}
  ): void {
    const { productKey, deviceKey } = device
    this.#tell({ productKey, deviceKey, kind, at: now, address: formatPeerAddress(peer), reason }, more)
  }

  /** Of a product as such. */
  befell(now: number, productKey: string, kind: DeviceEventKind, reason: string, hint?: () => string): void {
    this.#tell({ productKey, deviceKey: "", kind, at: now, address: "", reason }, { hint })
  }

  /** Of anybody else. */
  refused(refusal: StrangerRefusal): void {
    this.#counters.strangersRefused++
    if (this.#refused.length < strangersPerTurnMax) this.#refused.push(refusal)
  }

  /** Tells what waits, and of strangers as much as may be told now. */
  flush(now: number): void {
    this.#limiter.flush(now, (event) => this.#waiting.push(event))
    if (this.#waiting.length > 0) {
      const events = this.#waiting
      this.#waiting = []
      for (const event of events) this.#ports.publishEvent(event)
    }
    if (this.#refused.length > 0) {
      const refused = this.#refused
      this.#refused = []
      for (const refusal of refused) this.#strangers.refused(now, refusal)
    }
    this.#strangers.flush(now, (event) => this.#ports.publishStranger(event))
  }

  /** For how long `flush` has nothing to do if nothing else is called; `most` if that is longer. */
  quietMillis(now: number, most: number): number {
    return this.#limiter.quietMillis(now, this.#strangers.quietMillis(now, most))
  }

  #tell(event: DeviceEvent, { detail, ...admission }: EventMore): void {
    const told = this.#limiter.admit(event.at, detail === undefined ? event : { ...event, detail }, admission)
    if (told === undefined) this.#counters.eventsLeftOut++
    else this.#waiting.push(told)
  }
}
