import type { Schedule } from "../Schedule.ts"
import type { Conditions } from "./Conditions.ts"

interface Subscription {
  readonly process: string
  readonly handle: (bytes: Uint8Array) => void
  /** By publisher: nothing arrives before what was published earlier, unless frames are disturbed. */
  readonly arrivals: Map<string, number>
}

/** Core NATS: subjects, at most once, in order from one publisher to one subscriber, and nothing to or from who is cut off. */
export class SimulatedBus {
  readonly #schedule: Schedule
  readonly #random: () => number
  readonly #conditions: Conditions
  readonly #subscriptions = new Map<string, Array<Subscription>>()

  constructor(schedule: Schedule, random: () => number, conditions: Conditions) {
    this.#schedule = schedule
    this.#random = random
    this.#conditions = conditions
  }

  subscribe(process: string, subject: string, handle: (bytes: Uint8Array) => void): void {
    const subscription = { process, handle, arrivals: new Map<string, number>() }
    this.#subscriptions.set(subject, [...(this.#subscriptions.get(subject) ?? []), subscription])
  }

  /** All subscriptions of a process that ended. */
  leave(process: string): void {
    for (const [subject, subscriptions] of this.#subscriptions) {
      this.#subscriptions.set(
        subject,
        subscriptions.filter((one) => one.process !== process)
      )
    }
  }

  /** `bytes` are good during the call only. */
  publish(process: string, subject: string, bytes: Uint8Array): void {
    const subscriptions = this.#subscriptions.get(subject)
    if (subscriptions === undefined || this.#conditions.cut.has(process)) return
    const message = new Uint8Array(bytes)
    for (const subscription of subscriptions) this.#send(process, subscription, message)
  }

  #send(publisher: string, subscription: Subscription, message: Uint8Array): void {
    const { doubled, lateMillis, loss } = this.#conditions.frames
    const { arrivals, handle, process } = subscription
    if (loss > 0 && this.#random() < loss) return
    const arrive = () => {
      if (!this.#conditions.cut.has(process)) handle(message)
    }
    const { now } = this.#schedule
    const delay = 0.2 + 1.5 * this.#random()
    if (lateMillis > 0) this.#schedule.plan(delay + lateMillis * this.#random() ** 2, arrive)
    else {
      const at = Math.max(now + delay, arrivals.get(publisher) ?? 0)
      arrivals.set(publisher, at)
      this.#schedule.plan(at - now, arrive)
    }
    if (doubled > 0 && this.#random() < doubled) this.#schedule.plan(delay + 20 * this.#random(), arrive)
  }
}
