import type { Machine, Turn } from "./Machine.ts"
import { TimerWheel } from "./TimerWheel.ts"

/** What an `ActorHost` needs to know of the world around its actors. */
export interface ActorWorld<Actor, Effect> {
  /** Does what `actor` wants. An answer is another input: `run` takes it, and the actor hears it when this input is done. */
  carryOut(actor: Actor, effect: Effect): void
  /**
   * Handling an input, or carrying out what came of it, threw `cause`. The actor has to be made one that can hear the next
   * input. `turn.effects` has what came of this one and was not carried out; it is dropped then.
   */
  replace(actor: Actor, cause: unknown): void
  /** The actor is idle: whoever knows it has to forget it. */
  forget(actor: Actor): void
}

/**
 * Runs actors. Plain and synchronous: an input is handled in the call that brings it, then what it wanted is carried out, then
 * inputs that came of that, until nothing is left. So an actor never sees an input in the middle of another, and no input waits
 * for a fiber. An exception costs the actor that threw it its input, and nobody else anything.
 */
export class ActorHost<Input, Effect, T extends Turn<Effect>, Actor extends Machine<Input, T>> {
  readonly turn: T
  readonly #world: ActorWorld<Actor, Effect>
  readonly #wheel: TimerWheel<Actor>
  readonly #fire = (actor: Actor): void => this.#run(actor, undefined)
  readonly #queued: Array<Queued<Actor, Input>> = []
  #running = false

  /** `turn.now`: when the host begins. */
  constructor(turn: T, world: ActorWorld<Actor, Effect>) {
    this.turn = turn
    this.#world = world
    this.#wheel = new TimerWheel(turn.now)
  }

  /** Deadlines that are set. */
  get timers(): number {
    return this.#wheel.size
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

  /** The actor is somebody else's now: it hears nothing more. */
  drop(actor: Actor): void {
    this.#wheel.cancel(actor)
  }

  /** Sets the actor's timer to its deadline, or lets it go if nothing is left to keep it for. */
  settle(actor: Actor): void {
    if (actor.isIdle) {
      this.#wheel.cancel(actor)
      this.#world.forget(actor)
      return
    }
    const deadline = actor.deadlineIn(this.turn)
    if (deadline === Infinity) this.#wheel.cancel(actor)
    else this.#wheel.set(actor, deadline)
  }

  #run(actor: Actor, input: Input | undefined): void {
    if (this.#running) {
      this.#queued.push({ actor, input })
      return
    }
    this.#running = true
    try {
      this.#step(actor, input)
      for (let next = this.#queued.shift(); next !== undefined; next = this.#queued.shift()) {
        this.#step(next.actor, next.input)
      }
    } finally {
      this.#running = false
    }
  }

  #step(actor: Actor, input: Input | undefined): void {
    const { effects } = this.turn
    let done = 0
    try {
      if (input === undefined) actor.handleTimeout(this.turn)
      else actor.handle(input, this.turn)
      // What is carried out may add more.
      while (done < effects.length) this.#world.carryOut(actor, effects[done++]!)
      this.settle(actor)
    } catch (cause) {
      effects.splice(0, done)
      this.#world.replace(actor, cause)
      this.settle(actor)
    } finally {
      effects.length = 0
    }
  }
}

interface Queued<Actor, Input> {
  readonly actor: Actor
  /** Undefined: its deadline. */
  readonly input: Input | undefined
}
