import { Effect, type Scope } from "effect"
import { steadyNow } from "./SteadyClock.ts"
import { calmMillisMax, Ticker } from "./Ticker.ts"
import { oncePerTurn } from "./Turn.ts"

/** A synchronous host of actors, as a process drives it. `now` is `steadyNow`. */
export interface DrivenHost {
  /** Fires what is due. */
  handleTimeout(now: number): void
  /** Ends a turn: what its inputs produced goes out. True if the next turn has more to do, without another input. */
  flush(now: number): boolean
  /** For how long `handleTimeout` has nothing to do if nothing else is called; `most` if that is longer. Milliseconds. */
  quietMillis(now: number, most: number): number
  /** The host serves again after a while in which it did not: nobody was heard in that time. */
  resume(now: number): void
}

/** Input that waits in front of a host, and is let in turn by turn. */
export interface Inlet {
  /** Bytes that wait. */
  readonly bytes: number
  /** Lets in what the next turn has time for. True if more waits. */
  turn(): boolean
  /** The host does not serve: what waits is for another process by now. */
  discard(): void
}

/** Hands the host an input in the callback that brings it. An input that comes before the host is made is dropped. */
export type Tell<Host> = (input: (host: Host, now: number) => void) => void

interface ActorHostService<Host> {
  readonly tell: Tell<Host>
  /** A caller that calls the host without `tell` calls this behind it: the turn ends with a `flush`. */
  readonly flushSoon: () => void
  /** Whether the host may be served at this moment. If not, it is told to `resume` by the first tick that finds that it may. */
  readonly serves: () => boolean
}

/**
 * Drives a host of actors in the scope of an Effect. Inputs are handled in the callbacks that bring them: no fiber and no queue
 * is on their way. All that a turn of the event loop collected goes out once, at its end. A `Ticker` fires deadlines. When the
 * scope closes, the ticker stops and the host is drained: nothing that it collected is left in it.
 */
export const makeActorHostService = Effect.fnUntraced(function* <
  Host extends DrivenHost,
  Made extends { readonly host: Host; readonly inlet: Inlet },
  E,
  R
>(options: {
  /** Makes the host. Effects that it has carried out are answered by `tell`, never inside the call. */
  readonly make: (tell: Tell<Host>) => Effect.Effect<Made, E, R>
  /** False while what the host has may be another process's: no deadline fires, and nothing is let in. */
  readonly mayServe: () => boolean
  /** A tick begins, also where nothing is served. */
  readonly onTick: (host: Host) => void
}): Effect.fn.Return<Made & ActorHostService<Host>, E, R | Scope.Scope> {
  const { make, mayServe, onTick } = options
  // The host's effects are answered to the host: one of the two has to be there first.
  let driven: (Made & { readonly ticker: Ticker }) | undefined
  let serving = true
  const serves = () => {
    const may = mayServe()
    serving &&= may
    return may
  }
  const endTurn = (): boolean => {
    if (driven === undefined) return false
    const { host, inlet, ticker } = driven
    // Inputs of a turn may have set a deadline.
    ticker.wake()
    // A process that was paused goes on here, and its actors may be another's by now.
    if (inlet.bytes > 0 && !mayServe()) inlet.discard()
    const hasMore = inlet.turn()
    return host.flush(steadyNow()) || hasMore
  }
  const flushSoon = oncePerTurn(() => {
    // In the next turn: timers and what the connection brings come between.
    if (endTurn()) flushSoon()
  })
  const tell: Tell<Host> = (input) => {
    if (driven === undefined) return
    input(driven.host, steadyNow())
    flushSoon()
  }
  const made = yield* make(tell)
  const { host } = made
  const tick = () => {
    onTick(host)
    const served = serving
    serving = mayServe()
    if (!serving) return
    if (!served) host.resume(steadyNow())
    host.handleTimeout(steadyNow())
    if (host.flush(steadyNow())) flushSoon()
  }
  const quietMillis = () => (serving ? host.quietMillis(steadyNow(), calmMillisMax) : 0)
  yield* Effect.acquireRelease(
    Effect.sync(() => {
      driven = { ...made, ticker: new Ticker(tick, quietMillis) }
    }),
    () =>
      Effect.sync(() => {
        driven?.ticker.stop()
        for (let turn = 0; turn < drainTurnsMax && endTurn(); turn++);
        driven = undefined
      })
  )
  return { ...made, tell, flushSoon, serves }
})

/** Turns that a host may take to give out what it collected; what it has to say then is never said. */
const drainTurnsMax = 1_000
