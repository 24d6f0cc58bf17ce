import { type DeviceEvent, formatPeerAddress, type Recorded } from "@roost/contracts"
import { linkOf, type RefusalCode } from "@roost/explain"
import { type FlightRecorder, joined } from "@roost/flight-recorder"
import { type StrangerRefusal, StrangerReports } from "@roost/strangers"
import type { Counters } from "../state/Counters.ts"
import type { DeviceEffect } from "../state/DeviceEffect.ts"
import type { EventMore } from "../state/EventMore.ts"
import type { NamedDevice } from "../state/NamedDevice.ts"
import { EventLimiter } from "./EventLimiter.ts"
import type { CarryOut } from "./HostEffect.ts"

type Report = Extract<DeviceEffect, { readonly _tag: "Report" }>
type ReportProduct = Extract<DeviceEffect, { readonly _tag: "ReportProduct" }>

/** Refusals of strangers that wait for the end of a turn; more are only counted. */
const strangersPerTurnMax = 4096

/**
 * The events that operators get to see: why something was refused, who went online. Reasons never go on the air (contract §7.3). Events
 * are told by `flush`, when the turn's answers are on their way. Their cost delays no device, and nobody can measure
 * by a device's answer which event there was.
 */
export class Events {
  readonly #carryOut: CarryOut
  readonly #counters: Counters
  readonly #limiter: EventLimiter
  readonly #strangers: StrangerReports
  readonly #recorder: FlightRecorder
  #waiting: Array<DeviceEvent> = []
  #refused: Array<StrangerRefusal> = []

  constructor(options: {
    readonly carryOut: CarryOut
    readonly counters: Counters
    readonly nodeId: string
    readonly now: number
    readonly recorder: FlightRecorder
  }) {
    this.#carryOut = options.carryOut
    this.#counters = options.counters
    this.#limiter = new EventLimiter(options.now)
    this.#recorder = options.recorder
    this.#strangers = new StrangerReports(options.nodeId, options.now)
  }

  /** Of a device that is registered. `reason`: what came, what was expected, the likely cause and the cure. */
  report(now: number, device: NamedDevice, { kind, more, peer, reason }: Omit<Report, "_tag">): void {
    const { productKey, deviceKey } = device
    if (this.#recorder.active) {
      const tapped = joined(this.#recorder.ofDevice(productKey, deviceKey), this.#recorder.ofPeer(peer))
      if (tapped !== undefined) this.#recorder.note(now, tapped, eventOf(kind, more?.code, reason))
    }
    this.#tell({ productKey, deviceKey, kind, at: now, address: formatPeerAddress(peer), reason }, more ?? {})
  }

  /** Of a product as such. */
  reportProduct(now: number, productKey: string, { code, hint, kind, reason }: Omit<ReportProduct, "_tag">): void {
    this.#tell({ productKey, deviceKey: "", kind, at: now, address: "", reason }, { code, hint })
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
      for (const event of events) this.#carryOut({ _tag: "Event", event })
    }
    if (this.#refused.length > 0) {
      const refused = this.#refused
      this.#refused = []
      for (const refusal of refused) {
        this.#strangers.refused(now, refusal)
        const tapped = this.#recorder.active ? this.#recorder.ofPeer(refusal.peer) : undefined
        if (tapped !== undefined) this.#recorder.note(now, tapped, eventOf(refusal.kind, refusal.code, refusal.reason))
      }
    }
    this.#strangers.flush(now, (event) => this.#carryOut({ _tag: "Stranger", event }))
  }

  /** For how long `flush` has nothing to do if nothing else is called; `most` if that is longer. */
  quietMillis(now: number, most: number): number {
    return this.#limiter.quietMillis(now, this.#strangers.quietMillis(now, most))
  }

  #tell(event: DeviceEvent, { code, detail, ...admission }: EventMore): void {
    const told = this.#limiter.admit(event.at, wholeEvent(event, code, detail), admission)
    if (told === undefined) this.#counters.eventsLeftOut++
    else this.#waiting.push(told)
  }
}

const eventOf = (kind: string, code: RefusalCode | undefined, reason: string): Recorded => ({
  _tag: "Event",
  kind,
  reason,
  ...(code !== undefined && { code })
})

/** Member by member: those that are added to an object later take more room, and the limiter keeps many. */
const wholeEvent = (event: DeviceEvent, code: RefusalCode | undefined, detail: DeviceEvent["detail"]): DeviceEvent => {
  const { address, at, deviceKey, kind, productKey, reason } = event
  if (code === undefined) return detail === undefined ? event : { ...event, detail }
  const link = linkOf(code)
  return detail === undefined
    ? { productKey, deviceKey, kind, code, link, at, address, reason }
    : { productKey, deviceKey, kind, code, link, at, address, reason, detail }
}
