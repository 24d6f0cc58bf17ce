import { type Allowance, allowance, BoundedMap, take } from "@roost/bounded"
import type { DeviceEvent, DeviceEventKind } from "@roost/contracts"
import { codeAndLink } from "@roost/explain"
import type { Admission } from "../state/EventMore.ts"

/** The same event of a device, which is its kind and its reason, is told once in this time; then how many there were. */
export const eventIntervalMillis = 10_000
/**
 * Different events of one device that may be told at once, and each second after that. A reason may quote the device, which
 * could make up any number.
 */
export const deviceEventsBurstMax = 60
export const deviceEventsPerSecondMax = 1
/** Characters of a reason. */
export const eventReasonLengthMax = 1_000

/** Events of all devices of this node per second, and how many may be saved up. */
export const eventsPerSecondMax = 500
export const eventsBurstMax = 2_000

/** Of what may be saved up, the share that all but a device's first events leave for first ones. */
const keptForFirsts = eventsBurstMax / 2

/** Devices and events that are remembered at once. */
export const eventKeysMax = 10_000

/**
 * Healthy devices do it, too, such as asking for a command where none waits. It is told once an hour, and at a rate of its own, so
 * that a fleet of them costs the registry next to nothing.
 */
export const routineIntervalMillis = 3_600_000
export const routinePerSecondMax = 20
export const routineBurstMax = 200

interface Told {
  /** The last one that was like it. */
  last: DeviceEvent
  readonly openAt: number
  /** How many there were since it was told. */
  left: number
}

interface LeftOut {
  last: DeviceEvent
  readonly kinds: Map<string, number>
  readonly dueAt: number
}

/**
 * Keeps a device that fails in a loop (D15: a wrong key, retried without pause) from filling the event stream, and all of them
 * together. Somebody who tries one mistake after the other sees each. Events that are left out are told later. An event that came
 * again with how many `times`, different ones that were too many by `not-told`, which names their kinds. Pure but for its own
 * tables, which are bounded; each call is O(1).
 */
export class EventLimiter {
  readonly #told = new BoundedMap<string, Told>(eventKeysMax)
  readonly #routine = new BoundedMap<string, Told>(eventKeysMax)
  readonly #devices = new BoundedMap<string, Allowance>(eventKeysMax)
  readonly #leftOut = new BoundedMap<string, LeftOut>(eventKeysMax)
  readonly #allowance: Allowance
  readonly #routineAllowance: Allowance

  constructor(now: number) {
    this.#allowance = allowance(now, eventsBurstMax)
    this.#routineAllowance = allowance(now, routineBurstMax)
  }

  /** The event as it is to be told now; undefined: not now. */
  admit(
    now: number,
    event: DeviceEvent,
    { hint, routine: isRoutine = false }: Admission = {}
  ): DeviceEvent | undefined {
    const table = isRoutine ? this.#routine : this.#told
    const key = keyOf(event)
    const told = table.get(key)
    if (told !== undefined && now < told.openAt) {
      told.left++
      told.last = { ...event, reason: told.last.reason }
      return undefined
    }
    if (!(isRoutine ? this.#takeRoutine(now) : this.#take(now, event))) {
      if (!isRoutine) this.#leaveOut(now, event, 1)
      return undefined
    }
    const openAt = now + (isRoutine ? routineIntervalMillis : eventIntervalMillis)
    const whole = hint === undefined ? event : { ...event, reason: event.reason + hint() }
    table.set(key, { last: whole, openAt, left: 0 })
    return shortened(whole, (told?.left ?? 0) + 1)
  }

  /** Calls `tell` with what was left out and is due now. */
  flush(now: number, tell: (event: DeviceEvent) => void): void {
    for (let oldest = this.#told.oldest(); oldest !== undefined; oldest = this.#told.oldest()) {
      const [key, { last, left, openAt }] = oldest
      if (now < openAt) break
      this.#told.delete(key)
      if (left === 0) continue
      if (this.#take(now, last)) {
        this.#told.set(key, { last, openAt: now + eventIntervalMillis, left: 0 })
        tell(shortened(last, left))
      } else this.#leaveOut(now, last, left)
    }
    for (let oldest = this.#leftOut.oldest(); oldest !== undefined; oldest = this.#leftOut.oldest()) {
      const [device, leftOut] = oldest
      if (now < leftOut.dueAt || !this.#takeShared(now, 0)) break
      this.#leftOut.delete(device)
      tell(summaryOf(leftOut))
    }
  }

  /** For how long `flush` has nothing to do if nothing else is called; `most` if that is longer. */
  quietMillis(now: number, most: number): number {
    const openAt = this.#told.oldest()?.[1].openAt ?? Infinity
    const dueAt = this.#leftOut.oldest()?.[1].dueAt ?? Infinity
    return Math.min(most, Math.max(0, Math.min(openAt, dueAt) - now))
  }

  #leaveOut(now: number, event: DeviceEvent, times: number): void {
    const device = deviceOf(event)
    let leftOut = this.#leftOut.get(device)
    if (leftOut === undefined) {
      leftOut = { last: event, kinds: new Map(), dueAt: now + eventIntervalMillis }
      this.#leftOut.set(device, leftOut)
    }
    leftOut.last = event
    leftOut.kinds.set(event.kind, (leftOut.kinds.get(event.kind) ?? 0) + times)
  }

  /** Of the device's allowance and that of all devices. */
  #take(now: number, event: DeviceEvent): boolean {
    const key = deviceOf(event)
    const known = this.#devices.get(key)
    const own = known ?? allowance(now, deviceEventsBurstMax)
    take(own, now, deviceEventsPerSecondMax, deviceEventsBurstMax, 0)
    // Nothing was told of it for as long as all that it may save up takes.
    const isFirst = own.left >= deviceEventsBurstMax
    if (own.left < 1 || !this.#takeShared(now, isFirst ? 0 : keptForFirsts)) return false
    own.left--
    this.#devices.set(key, own)
    return true
  }

  #takeShared(now: number, kept: number): boolean {
    // A cost of 0 brings `left` up to date.
    take(this.#allowance, now, eventsPerSecondMax, eventsBurstMax, 0)
    return this.#allowance.left >= 1 + kept && take(this.#allowance, now, eventsPerSecondMax, eventsBurstMax)
  }

  #takeRoutine(now: number): boolean {
    return take(this.#routineAllowance, now, routinePerSecondMax, routineBurstMax)
  }
}

const deviceOf = ({ deviceKey, productKey }: DeviceEvent): string => `${productKey},${deviceKey}`
const keyOf = (event: DeviceEvent): string => `${deviceOf(event)},${event.kind},${event.reason}`

const shortened = (event: DeviceEvent, times: number): DeviceEvent => {
  const { detail, reason } = event
  const isLong = reason.length > eventReasonLengthMax
  if (!isLong && times === 1) return event
  return {
    ...event,
    reason: isLong ? `${reason.slice(0, eventReasonLengthMax)}…` : reason,
    ...(times === 1 ? {} : { detail: { ...detail, times } })
  }
}

const summaryOf = ({ kinds, last }: LeftOut): DeviceEvent => {
  const { address, at, deviceKey, kind, productKey, reason } = shortened(last, 1)
  const counts = [...kinds].map(([name, times]) => `${name} ${times}`).join(", ")
  return {
    productKey,
    deviceKey,
    kind: "not-told" satisfies DeviceEventKind,
    ...codeAndLink("events-not-told"),
    at,
    address,
    reason:
      `more events came than are told one by one (${deviceEventsBurstMax} of a device at once, then ${deviceEventsPerSecondMax} a second). ` +
      `In ${eventIntervalMillis / 1000} s these were left out: ${counts}. The last of them: ${kind}, ${reason}`,
    detail: Object.fromEntries(kinds)
  }
}
