import { afterEach, assert, beforeEach, describe, it, vi } from "@effect/vitest"
import { Effect, Exit, Scope } from "effect"
import { type DrivenHost, makeActorHostService, type Tell } from "../src/ActorHostService.ts"
import { calmMillisMax, tickMillis } from "../src/index.ts"

/** Notes what it is told, and takes a turn for each input that it collected. */
class Notes implements DrivenHost {
  readonly log: Array<string> = []
  collected = 0

  handleTimeout(): void {
    this.log.push("tick")
  }

  flush(): boolean {
    if (this.collected > 0) this.log.push(`out ${this.collected--}`)
    return this.collected > 0
  }

  quietMillis(_now: number, most: number): number {
    return most
  }

  resume(): void {
    this.log.push("resume")
  }
}

/** Has so many bytes wait, one of which is let in by a turn. */
class Queue {
  bytes = 0
  discarded = 0

  turn(): boolean {
    if (this.bytes > 0) this.bytes--
    return this.bytes > 0
  }

  discard(): void {
    this.discarded += this.bytes
    this.bytes = 0
  }
}

const driven = (state: { serves: boolean }) => {
  const scope = Effect.runSync(Scope.make())
  const made = { host: new Notes(), inlet: new Queue() }
  let early = 0
  const service = Effect.runSync(
    makeActorHostService({
      make: (tell: Tell<Notes>) =>
        Effect.sync(() => {
          tell(() => early++)
          return made
        }),
      mayServe: () => state.serves,
      onTick: () => undefined
    }).pipe(Scope.provide(scope))
  )
  return { ...service, early: () => early, close: () => Effect.runSync(Scope.close(scope, Exit.void)) }
}

describe("a host of actors in its process", () => {
  beforeEach(() => void vi.useFakeTimers({ now: 0 }))
  afterEach(() => void vi.useRealTimers())

  it("handles an input in the call that brings it, and gives out what a turn collected once", () => {
    const { close, early, host, tell } = driven({ serves: true })
    assert.strictEqual(early(), 0)
    for (const input of ["a", "b"]) tell(({ log }) => void log.push(input))
    tell((self) => (self.collected = 1))
    assert.deepStrictEqual(host.log, ["a", "b"])
    vi.advanceTimersByTime(1)
    assert.deepStrictEqual(host.log, ["a", "b", "out 1"])
    close()
  })

  it("takes another turn while the host or what waits in front of it has more", () => {
    const { close, host, inlet, tell } = driven({ serves: true })
    inlet.bytes = 5
    tell((self) => (self.collected = 3))
    vi.advanceTimersByTime(10)
    assert.deepStrictEqual(host.log, ["out 3", "out 2", "out 1"])
    assert.strictEqual(inlet.bytes, 0)
    close()
  })

  it("ticks at once after it was told something, and calmly else", () => {
    const { close, host, tell } = driven({ serves: true })
    vi.advanceTimersByTime(2 * calmMillisMax)
    const calm = host.log.length
    assert.isAtMost(calm, 4)
    tell(() => undefined)
    vi.advanceTimersByTime(tickMillis + 1)
    assert.strictEqual(host.log.length, calm + 1)
    close()
  })

  it("fires no deadline and lets nothing in while it does not serve, and resumes before the first tick that it does", () => {
    const state = { serves: true }
    const { close, host, inlet, serves, tell } = driven(state)
    vi.advanceTimersByTime(tickMillis)
    state.serves = false
    assert.isFalse(serves())
    inlet.bytes = 5
    tell(() => undefined)
    vi.advanceTimersByTime(calmMillisMax)
    assert.deepStrictEqual(host.log, ["tick"])
    assert.deepStrictEqual([inlet.bytes, inlet.discarded], [0, 5])
    state.serves = true
    vi.advanceTimersByTime(tickMillis)
    assert.deepStrictEqual(host.log, ["tick", "resume", "tick"])
    close()
  })

  it("is drained when its scope closes: what it collected goes out, nothing ticks, and nobody is told any more", () => {
    const { close, host, inlet, tell } = driven({ serves: true })
    inlet.bytes = 2
    tell((self) => (self.collected = 2))
    close()
    assert.deepStrictEqual(host.log, ["out 2", "out 1"])
    tell(({ log }) => void log.push("late"))
    vi.advanceTimersByTime(10 * calmMillisMax)
    assert.deepStrictEqual(host.log, ["out 2", "out 1"])
    assert.strictEqual(vi.getTimerCount(), 0)
  })
})
