import { calmMillisMax, tickMillis } from "@roost/actors"
import {
  type Command,
  type CommandEvent,
  CommandIds,
  commandKey,
  maxDeliveriesDefault,
  placeOf
} from "@roost/contracts"
import { CommandMirror, type CommandInput, type Due, encodeCommand, hasEnded, transition } from "@roost/downlink"
import type { BucketClient } from "../leases/SimulatedBucket.ts"
import { FollowedBucket } from "./FollowedBucket.ts"
import { epochMillis, productKey, type Surroundings } from "./Surroundings.ts"
import { Ticks } from "../Ticks.ts"

/** After this long a question to the store has no answer. */
const answerMillisMax = 2_000
const retryMillis = 1_000
export const pendingTtlSeconds = 120
export const timeoutSeconds = 30

/**
 * An instance of downlink-queue: the real command machine and `CommandMirror`, joined to the buckets as `CommandStore` joins them.
 * Every change is a compare-and-set; one that is lost begins anew with what the bucket has.
 */
export class CommandQueue {
  readonly name: string
  readonly #around: Surroundings
  readonly #commands: BucketClient<Command>
  readonly #history: BucketClient<Command>
  readonly #mirror: CommandMirror
  readonly #followed: FollowedBucket<Command>
  readonly #ids: CommandIds
  readonly #ticks: Ticks

  constructor(around: Surroundings, name: string) {
    const { now, random, store } = around
    const network = store.networkOf(name)
    this.name = name
    this.#around = around
    this.#commands = store.commands.through(network)
    this.#history = store.history.through(network)
    this.#mirror = new CommandMirror(now(), random() * 500)
    this.#ids = new CommandIds(random)
    this.#ticks = new Ticks(
      around,
      (run) => run(),
      () => this.#fire()
    )
    this.#followed = new FollowedBucket(this.#commands, {
      put: (key, command, revision) => {
        this.#mirror.put(now(), key, command, revision)
        this.#wake()
      },
      deleted: (key) => {
        // Markers are not removed: no schedule lives that long.
        this.#mirror.remove(now(), key, 0)
        this.#wake()
      }
    })
  }

  /** Its watch broke off. */
  interrupt(): void {
    this.#followed.follow()
  }

  /** An application issues a command: `accepted` is the 202, which may never come. */
  issue(deviceKey: string, number: number, accepted: (commandId: string) => void): void {
    const now = this.#around.now()
    const commandId = this.#ids.next(placeOf(productKey, deviceKey).hash, now)
    // Two of a measurement point have the same effect: the newer one overtakes the other.
    const draft =
      number % 2 === 0
        ? ({ kind: "service", service: "reboot", inputData: { number } } as const)
        : ({ kind: "measurepointSet", measurepoint: "interval", value: number } as const)
    const command: Command = {
      ...encodeCommand(commandId, productKey, deviceKey, draft),
      commandId,
      productKey,
      deviceKey,
      state: "created",
      createdAt: now,
      expiresAt: now + pendingTtlSeconds * 1000,
      instant: false,
      timeoutSeconds,
      deliveries: 0,
      maxDeliveries: maxDeliveriesDefault
    }
    this.#commands.write(commandKey(commandId)!, command, 0, (outcome) => {
      if (outcome._tag === "Stored") accepted(commandId)
    })
  }

  /** An event of the stream COMMAND_EVENT: applied once, however often it takes. */
  handleEvent(event: CommandEvent): void {
    this.#apply(event.commandId, event)
  }

  #apply(commandId: string, input: CommandInput): void {
    const key = commandKey(commandId)!
    this.#untilDone((done) =>
      this.#commands.read(key, (found) => {
        if (found?.value === undefined) return done()
        const next = transition(found.value, input)
        if (next === undefined) return done()
        this.#write(key, next, found.revision, (stored) => stored && done())
      })
    )
  }

  #write(key: string, next: Command, revision: number, written: (stored: boolean) => void): void {
    this.#note("command", () => `${next.commandId} of ${next.deviceKey} is ${next.state}`)
    this.#commands.write(key, next, revision, (outcome) => {
      if (outcome._tag === "Stored" && hasEnded(next)) this.#move(key, next)
      written(outcome._tag === "Stored")
    })
  }

  #move(key: string, command: Command): void {
    this.#untilDone((done) =>
      this.#history.write(key, command, undefined, () => this.#commands.write(key, undefined, undefined, () => done()))
    )
  }

  /** `attempt` says that it is done, or comes again. */
  #untilDone(attempt: (done: () => void) => void): void {
    let isDone = false
    const again = (): void => {
      if (isDone) return
      attempt(() => {
        isDone = true
      })
      this.#around.plan(answerMillisMax, again)
    }
    again()
  }

  #wake(): void {
    this.#ticks.within(tickMillis)
  }

  #fire(): void {
    const now = this.#around.now()
    for (const due of this.#mirror.advance(now)) this.#handleDue(due, now)
    this.#ticks.within(this.#mirror.quietMillis(now, calmMillisMax))
  }

  #handleDue(due: Due, now: number): void {
    if (due._tag === "Marker") return
    const { command, key, revision } = due
    if (hasEnded(command)) return this.#move(key, command)
    const next = transition(command, { _tag: "TimePassed", at: now })
    if (next === undefined) return this.#mirror.again(now, due, retryMillis)
    // Asked for first: a write that was on its way may have brought back what had ended (`CommandStore`).
    this.#history.read(key, (found) => {
      if (found?.value !== undefined) this.#commands.write(key, undefined, undefined, () => undefined)
      else this.#write(key, next, revision, (stored) => !stored && this.#readAnew(key))
    })
    this.#mirror.again(now, due, answerMillisMax)
  }

  #readAnew(key: string): void {
    this.#commands.read(key, (found) => {
      const now = this.#around.now()
      if (found?.value === undefined) this.#mirror.remove(now, key, 0)
      else this.#mirror.put(now, key, found.value, found.revision)
      this.#wake()
    })
  }

  #note(kind: string, line: () => string): void {
    this.#around.trace.note(this.#around.now() - epochMillis, kind, () => `${this.name} ${line()}`)
  }
}
