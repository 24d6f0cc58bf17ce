import type { LeaseRecord } from "@roost/cluster"
import { type Command, type CommandEvent, Streams } from "@roost/contracts"
import type { UplinkRecord } from "@roost/device-session"
import { type Network, SimulatedBucket } from "../leases/SimulatedBucket.ts"
import type { Schedule } from "../Schedule.ts"
import type { Conditions } from "./Conditions.ts"
import { SimulatedStream } from "./SimulatedStream.ts"

/** How far each part of the store was at a moment. */
export interface StoreCopy {
  readonly at: number
  readonly leases: number
  readonly sessions: number
  readonly commands: number
  readonly history: number
  readonly uplinks: number
  readonly commandEvents: number
}

/** JetStream's storage, which outlives every process. */
export class SimulatedStore {
  readonly leases: SimulatedBucket<LeaseRecord>
  readonly sessions: SimulatedBucket<Uint8Array>
  readonly commands: SimulatedBucket<Command>
  readonly history: SimulatedBucket<Command>
  readonly uplinks: SimulatedStream<UplinkRecord>
  readonly commandEvents: SimulatedStream<CommandEvent>
  readonly #schedule: Schedule
  readonly #random: () => number
  readonly #conditions: Conditions

  constructor(schedule: Schedule, random: () => number, conditions: Conditions) {
    this.#schedule = schedule
    this.#random = random
    this.#conditions = conditions
    const network = this.networkOf("")
    const now = () => schedule.now
    this.leases = new SimulatedBucket(network)
    this.sessions = new SimulatedBucket(network)
    this.commands = new SimulatedBucket(network)
    this.history = new SimulatedBucket(network)
    this.uplinks = new SimulatedStream(now, Streams.uplink.duplicateWindowMillis)
    this.commandEvents = new SimulatedStream(now, Streams.commandEvent.duplicateWindowMillis)
  }

  /** The way of one process to the store. */
  networkOf(process: string): Network {
    return {
      delay: () => (this.#conditions.reachesStore(process) ? 0.3 + 2 * this.#random() : undefined),
      plan: (delay, run) => this.#schedule.plan(delay, run)
    }
  }

  copy(): StoreCopy {
    return {
      at: this.#schedule.now,
      leases: this.leases.writes,
      sessions: this.sessions.writes,
      commands: this.commands.writes,
      history: this.history.writes,
      uplinks: this.uplinks.messages.length,
      commandEvents: this.commandEvents.messages.length
    }
  }

  /** Everything is as it was at the moment of the copy. Watches of the buckets break off. */
  setBack(copy: StoreCopy): void {
    for (const name of ["leases", "sessions", "commands", "history"] as const) {
      this[name].setBack(this[name].writes - copy[name])
    }
    this.uplinks.setBack(copy.uplinks)
    this.commandEvents.setBack(copy.commandEvents)
  }
}
