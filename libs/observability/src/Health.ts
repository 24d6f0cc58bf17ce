import { Context, Effect, Layer, type Scope } from "effect"

/** Why something is not ready, as a sentence for an operator; undefined when it is. Called at every `/readyz`. */
export type ReadinessCheck = () => string | undefined

export interface Readiness {
  readonly ready: boolean
  /** "ok", or why not, by the name of the check. */
  readonly checks: Readonly<Record<string, string>>
}

/** Named readiness checks of this process. What registers a check takes it away with its scope. */
export class Health extends Context.Service<
  Health,
  {
    readonly register: (name: string, check: ReadinessCheck) => Effect.Effect<void, never, Scope.Scope>
    readonly readiness: () => Readiness
  }
>()("@roost/observability/Health") {
  static readonly layer = Layer.sync(Health, () => {
    const checks = new Map<string, ReadinessCheck>()
    return Health.of({
      register: (name, check) =>
        Effect.acquireRelease(
          Effect.sync(() => checks.set(name, check)),
          () => Effect.sync(() => checks.get(name) === check && checks.delete(name))
        ).pipe(Effect.asVoid),
      readiness: () => {
        const results = Object.fromEntries([...checks].map(([name, check]) => [name, check() ?? "ok"]))
        return { ready: Object.values(results).every((result) => result === "ok"), checks: results }
      }
    })
  })

  /** A check that fails until its layer's `ready` was run: for work at the start, such as creating streams. */
  static readonly startup = Effect.fnUntraced(function* (name: string, waitingFor: string) {
    const health = yield* Health
    let done = false
    yield* health.register(name, () => (done ? undefined : waitingFor))
    return Effect.sync(() => {
      done = true
    })
  })
}
