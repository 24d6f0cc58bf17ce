import type { Machine, Turn } from "./Machine.ts"
import type { Mail, OwnedPartitions } from "./OwnedPartitions.ts"
import { TimerWheel } from "./TimerWheel.ts"

/** The world around the actors of an `ActorHost`, as far as the host needs it. */
export interface ActorWorld<Actor, Effect> {
  /** Does what `actor` wants. An answer is another input: `run` takes it, and the actor hears it when this input is done. */
  carryOut(actor: Actor, effect: Effect): void
  /**
   * Handling an input, or carrying out what came of it, threw `cause`. The actor has to be made one that can hear the next
   * input. `turn.effects` has what came of this one and was not carried out; it is dropped then.
   */
  replace(actor: Actor, cause: unknown): void
}

/**
 * Runs actors. Plain and synchronous. An input is handled in the call that brings it. Its effects are carried out then, and inputs
 * that came of those, until nothing is left. So an actor never sees an input in the middle of another, and no input waits
 * for a fiber. An exception costs the actor that threw it its input, and nobody else anything.
 *
 * Actors are in the partitions that the host owns, one of a key. One that is idle is let go.
 */
export class ActorHost<Input, Effect, T extends Turn<Effect>, Actor extends Machine<Input, T>, M extends Mail = Mail> {
  readonly turn: T
  readonly partitions: OwnedPartitions<Actor, M>
  readonly #world: ActorWorld<Actor, Effect>
  readonly #wheel: TimerWheel<Actor>
  readonly #fire = (actor: Actor): void => this.#run(actor, undefined)
  #queued: Array<Queued<Actor, Input>> = []
  #spare: Array<Queued<Actor, Input>> = []
  #running = false

  /** `turn.now`: when the host begins. */
  constructor(turn: T, world: ActorWorld<Actor, Effect>, partitions: OwnedPartitions<Actor, M>) {
    this.turn = turn
    this.partitions = partitions
    this.#world = world
    this.#wheel = new TimerWheel(turn.now)
  }

  /** Deadlines that are set. */
  get timers(): number {
    return this.#wheel.size
  }

  find(partition: number, key: string): Actor | undefined {
    return this.partitions.find(partition, key)
  }

  /** The actor of that key, made if there is none. Undefined: its partition is not this host's. */
  findOrMake(partition: number, key: string, make: () => Actor): Actor | undefined {
    const known = this.partitions.find(partition, key)
    if (known !== undefined || this.partitions.get(partition) === undefined) return known
    const actor = make()
    this.partitions.enter(actor)
    return actor
  }

  /** The actor hears the input now, or behind the one that is being handled. */
  run(actor: Actor, input: Input): void {
    this.#run(actor, input)
  }

  /** Lets every actor whose deadline is at or before `turn.now` go on. */
  advance(): void {
    this.#wheel.advance(this.turn.now, this.#fire)
  }

  /** For how long no deadline is reached; `most` if that is longer. Milliseconds. */
  quietMillis(most: number): number {
    return this.#wheel.quietMillis(this.turn.now, most)
  }

  /** The actor's partition is somebody else's now: no deadline of it fires any more. */
  drop(actor: Actor): void {
    this.#wheel.cancel(actor)
  }

  #run(actor: Actor, input: Input | undefined): void {
    if (this.#running) {
      this.#queued.push({ actor, input })
      return
    }
    this.#running = true
    try {
      this.#step(actor, input)
      this.#drain()
    } finally {
      this.#running = false
    }
  }

  /**
   * Inputs that came of the one that was handled, and of each other. Inputs that come meanwhile wait in another list, which is next:
   * `shift` would move all that wait, 24 µs each at 100 000.
   */
  #drain(): void {
    while (this.#queued.length > 0) {
      const heard = this.#queued
      this.#queued = this.#spare
      let at = 0
      try {
        while (at < heard.length) {
          const { actor, input } = heard[at++]!
          this.#step(actor, input)
        }
      } finally {
        // `replace` threw: what is left is heard behind the next input.
        if (at < heard.length) this.#queued = [...heard.slice(at), ...this.#queued]
        heard.length = 0
        this.#spare = heard
      }
    }
  }

  #step(actor: Actor, input: Input | undefined): void {
    const { effects } = this.turn
    try {
      if (input === undefined) actor.handleTimeout(this.turn)
      else actor.handle(input, this.turn)
      // Effects that are carried out may add more.
      for (let effect = effects.take(); effect !== undefined; effect = effects.take()) {
        this.#world.carryOut(actor, effect)
      }
      this.#scheduleOrRelease(actor)
    } catch (cause) {
      this.#world.replace(actor, cause)
      this.#scheduleOrRelease(actor)
    } finally {
      effects.clear()
    }
  }

  /** Sets the actor's timer to its deadline, or lets it go if nothing is left to keep it for. */
  #scheduleOrRelease(actor: Actor): void {
    if (actor.isIdle) {
      this.#wheel.cancel(actor)
      this.partitions.delete(actor)
      return
    }
    const deadline = actor.deadlineIn(this.turn)
    if (deadline === Infinity) this.#wheel.cancel(actor)
    else this.#wheel.set(actor, deadline)
  }
}

interface Queued<Actor, Input> {
  readonly actor: Actor
  /** Undefined: its deadline. */
  readonly input: Input | undefined
}
