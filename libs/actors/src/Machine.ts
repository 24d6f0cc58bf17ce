import type { Effects } from "./Effects.ts"
import type { Timed } from "./TimerWheel.ts"

/** One input's time, and where what comes of it is written: the host's, the same object for every actor and every input. */
export interface Turn<Effect> {
  /** Milliseconds of the host's clock, which never runs backwards. */
  now: number
  /** Effects that are wanted, in the order in which they are to be carried out. */
  readonly effects: Effects<Effect>
}

/**
 * An actor, as an `ActorHost` hosts it. An actor hears inputs, changes its own state in place and says what it wants as effects. It waits
 * for nothing, knows no other actor and calls nobody.
 */
export interface Machine<Input, T> extends Timed {
  readonly partition: number
  /** Names the actor in its partition. */
  readonly key: string
  handle(input: Input, turn: T): void
  /** `deadlineIn` is reached. */
  handleTimeout(turn: T): void
  /** When `handleTimeout` is due, in milliseconds; Infinity for never. Asked after each input. */
  deadlineIn(turn: T): number
  /** True if nothing is left to keep the actor for. Asked after each input. */
  readonly isIdle: boolean
}
