import { Context, Effect, Layer, type Scope } from "effect"

/** Why something is not ready, as a sentence for an operator; undefined when it is. Called at every `/readyz`. */
export type ReadinessCheck = () => string | undefined

export interface Readiness {
  /** It serves the devices and applications that it serves already. */
  readonly ready: boolean
  /** "ok", or why not, by the name of the check. */
  readonly checks: Readonly<Record<string, string>>
  /** The services to others that it can't do meanwhile, by the name of the check; empty when all is well. */
  readonly degraded: Readonly<Record<string, string>>
}

type Register = (name: string, check: ReadinessCheck) => Effect.Effect<void, never, Scope.Scope>

/** Named readiness checks of this process. The scope that registers a check takes it away at its end. */
export class Health extends Context.Service<
  Health,
  {
    /** Without this nothing works. */
    readonly register: Register
    /** Without this something does not work, for those who are not served yet: still ready. */
    readonly registerDegraded: Register
    readonly readiness: () => Readiness
    /** From now on it is not ready, and what it loses is nobody's fault. */
    readonly drain: (why: string) => void
    readonly isDraining: () => boolean
  }
>()("@roost/observability/Health") {
  static readonly layer = Layer.sync(Health, () => {
    const needed = new Map<string, ReadinessCheck>()
    const useful = new Map<string, ReadinessCheck>()
    let draining: string | undefined
    const registerIn =
      (checks: Map<string, ReadinessCheck>): Register =>
      (name, check) =>
        Effect.acquireRelease(
          Effect.sync(() => checks.set(name, check)),
          () => Effect.sync(() => checks.get(name) === check && checks.delete(name))
        ).pipe(Effect.asVoid)
    return Health.of({
      register: registerIn(needed),
      registerDegraded: registerIn(useful),
      readiness: () => {
        const results = Object.fromEntries([...needed].map(([name, check]) => [name, check() ?? "ok"]))
        const checks = draining === undefined ? results : { ...results, drain: draining }
        const missing = [...useful].flatMap(([name, check]) => {
          const why = check()
          return why === undefined ? [] : [[name, why] as const]
        })
        const ready = Object.values(checks).every((result) => result === "ok")
        return { ready, checks, degraded: Object.fromEntries(missing) }
      },
      drain: (why) => {
        draining = why
      },
      isDraining: () => draining !== undefined
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
