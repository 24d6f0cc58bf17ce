import { Timed, TimerWheel } from "@roost/actors"
import { type Command, deviceHashLength } from "@roost/contracts"
import { deadlineOf } from "./CommandState.ts"

/** A marker that a deletion left is removed after this, when every watcher has long seen it. */
export const markerMillis = 600_000

/**
 * Deadlines fire this much late: what the device did in time may still be on its way here as an event. Another
 * instance's clock may differ by as much.
 */
export const deadlineGraceMillis = 1_000

/** A command that has ended but was not moved to the history: its writer died in between. */
export const unmovedMillis = 5_000

/** The due work: a command whose deadline passed or that is to be moved, or the marker of a deletion. */
export type Due =
  | { readonly _tag: "Command"; readonly key: string; readonly command: Command; readonly revision: number }
  | { readonly _tag: "Marker"; readonly revision: number }

class Timer extends Timed {
  due: Due

  constructor(due: Due) {
    super()
    this.due = due
  }
}

/** A wall clock that loses more than this between two looks was set back; less is slewed, and waited for. */
const setBackMillisMin = 1_000

/**
 * The bucket of commands as this process knows it: how many each device has, and what is due when. Pure. Deadlines are times
 * of the wall clock, since other processes wrote them and compare with them. A clock that is set forward or back is followed.
 */
export class CommandMirror {
  readonly #timers = new Map<string, Timer>()
  readonly #pendingByDevice = new Map<string, number>()
  readonly #wheel: TimerWheel<Timer>
  readonly #jitterMillis: number
  #latest: number

  /** `jitterMillis`: of this instance, so that several seldom fire the same deadline. */
  constructor(now: number, jitterMillis: number) {
    this.#wheel = new TimerWheel(now)
    this.#latest = now
    this.#jitterMillis = jitterMillis
  }

  /** Commands that wait, by their state. */
  readonly waiting = { created: 0, sent: 0 }

  get size(): number {
    return this.#timers.size
  }

  /** Commands of the device that have not left the bucket. */
  pendingOf(deviceHash: string): number {
    return this.#pendingByDevice.get(deviceHash) ?? 0
  }

  put(now: number, key: string, command: Command, revision: number): void {
    const due: Due = { _tag: "Command", key, command, revision }
    let timer = this.#timers.get(key)
    if (timer === undefined) {
      timer = new Timer(due)
      this.#timers.set(key, timer)
      this.#count(key, 1)
    } else if (timer.due.revision > revision) {
      return
    } else {
      this.#wait(timer.due, -1)
    }
    this.#wait(due, 1)
    timer.due = due
    const deadline = deadlineOf(command)
    // Taken out first: the wheel moves a timer to a later deadline lazily, to an earlier one at once.
    this.#wheel.cancel(timer)
    const at = deadline === undefined ? now + unmovedMillis : deadline + deadlineGraceMillis
    this.#wheel.set(timer, at + this.#jitterMillis)
  }

  /** `revision` of the marker, 0 if there is none. */
  remove(now: number, key: string, revision: number): void {
    const timer = this.#timers.get(key)
    if (timer !== undefined) {
      this.#wheel.cancel(timer)
      this.#wait(timer.due, -1)
      this.#timers.delete(key)
      this.#count(key, -1)
    }
    if (revision > 0) this.#wheel.set(new Timer({ _tag: "Marker", revision }), now + markerMillis + this.#jitterMillis)
  }

  /** Takes what is due. Work that could not be done comes again with `again`. */
  advance(now: number): ReadonlyArray<Due> {
    const due: Array<Due> = []
    if (now < this.#latest - setBackMillisMin) this.#wheel.rewind(now)
    this.#latest = now
    this.#wheel.advance(now, (timer) => due.push(timer.due))
    return due
  }

  /** For how long nothing is due if nothing is put; `most` if that is longer. */
  quietMillis(now: number, most: number): number {
    return this.#wheel.quietMillis(now, most)
  }

  again(now: number, due: Due, delayMillis: number): void {
    const known = due._tag === "Command" ? this.#timers.get(due.key) : new Timer(due)
    if (known !== undefined && known.due.revision === due.revision) this.#wheel.set(known, now + delayMillis)
  }

  #wait(due: Due, change: 1 | -1): void {
    if (due._tag !== "Command") return
    const { state } = due.command
    if (state === "created" || state === "sent") this.waiting[state] += change
  }

  #count(key: string, change: 1 | -1): void {
    const at = key.indexOf(".") + 1
    const hash = key.slice(at, at + deviceHashLength)
    const count = this.pendingOf(hash) + change
    if (count === 0) this.#pendingByDevice.delete(hash)
    else this.#pendingByDevice.set(hash, count)
  }
}
