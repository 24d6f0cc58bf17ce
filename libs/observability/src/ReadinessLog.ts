import { Effect, Layer } from "effect"
import { Health, type Readiness } from "./Health.ts"

/** How long something has to be wrong before it is told: at the start others begin too, and a takeover is over sooner. */
export const startMillis = 3_000
export const settleMillis = 2_000
/** A fault that lasts is told again after so long. */
export const againMillis = 60_000
const lookMillis = 500

interface Line {
  readonly level: "Info" | "Warn"
  readonly text: string
}

/** Says what a process is not ready for, and that it is ready again. Pure: the time comes with each call, in milliseconds. */
export class ReadinessNarrator {
  readonly #startedAt: number
  /** When the present state was seen first, of those that differ in whether it is ready and in what it lacks. */
  #since: number
  #state = ""
  #toldState = ""
  #toldAt = -Infinity
  #wasReady = false

  constructor(now: number) {
    this.#startedAt = now
    this.#since = now
  }

  look(now: number, readiness: Readiness): Line | undefined {
    const lacks = lacksOf(readiness)
    const state = `${readiness.ready} ${lacks.map(([name]) => name).join()}`
    if (state !== this.#state) {
      this.#state = state
      this.#since = now
    }
    if (readiness.ready && lacks.length === 0) return this.#wellAt(now)
    const settled = this.#wasReady ? this.#since + settleMillis : Math.max(this.#startedAt + startMillis, this.#since)
    const isNews = state !== this.#toldState
    if (now < settled || (!isNews && now - this.#toldAt < againMillis)) return undefined
    this.#toldState = state
    this.#toldAt = now
    const what = lacks.map(([name, why]) => `${name}: ${why}`).join("; ")
    if (readiness.ready) {
      this.#wasReady = true
      return { level: "Warn", text: `ready, but degraded: ${what}` }
    }
    return { level: "Warn", text: `not ready${isNews ? "" : " still"}: ${what}` }
  }

  #wellAt(now: number): Line | undefined {
    if (this.#toldState === this.#state) return undefined
    const first = !this.#wasReady
    const toldOf = this.#toldState
    this.#wasReady = true
    this.#toldState = this.#state
    if (first) return { level: "Info", text: `ready after ${seconds(now - this.#startedAt)}` }
    // A fault that was over before it was told needs no word.
    return toldOf === "" ? undefined : { level: "Info", text: "ready again, and nothing is missing" }
  }
}

const seconds = (millis: number): string => `${(millis / 1_000).toFixed(1)} s`

/** Without NATS hardly anything else works: then that is the word. An API that is not built yet waits for what else is missing. */
const lacksOf = ({ checks, degraded, ready }: Readiness): ReadonlyArray<readonly [name: string, why: string]> => {
  const failing = Object.entries(checks).filter(([, result]) => result !== "ok")
  if (ready) return Object.entries(degraded)
  const nats = failing.filter(([name]) => name === "nats")
  if (nats.length > 0) return nats
  const others = failing.filter(([name]) => name !== "api")
  return others.length > 0 ? others : failing
}

/** Logs what `/readyz` says, whenever that changes, and each minute while something is missing. */
export const layerReadinessLog: Layer.Layer<never, never, Health> = Layer.effectDiscard(
  Effect.gen(function* () {
    const health = yield* Health
    const narrator = new ReadinessNarrator(performance.now())
    const look = Effect.suspend(() => {
      if (health.isDraining()) return Effect.void
      const line = narrator.look(performance.now(), health.readiness())
      if (line === undefined) return Effect.void
      return line.level === "Info" ? Effect.logInfo(line.text) : Effect.logWarning(line.text)
    })
    yield* Effect.forkScoped(Effect.forever(Effect.andThen(Effect.sleep(lookMillis), look)))
  })
)
