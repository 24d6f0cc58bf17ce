import type { TraceContext } from "@roost/contracts"
import { Cause, Context, Effect, Exit } from "effect"
import type { SpanKind } from "./Span.ts"
import { tracing } from "./Tracing.ts"

/** The span that a fiber works in; undefined where it is not traced. Lines of the log have its trace. */
export const CurrentTrace = Context.Reference<TraceContext | undefined>("@roost/observability/CurrentTrace", {
  defaultValue: () => undefined
})

export interface SpanOptions {
  readonly name: string
  readonly kind: SpanKind
  readonly attributes?: Readonly<Record<string, string | number>>
}

/** Runs the effect as a span under `parent`: with the context `own`, which the effect finds as `CurrentTrace`. */
export const withSpan = <A, E, R>(
  effect: Effect.Effect<A, E, R>,
  own: TraceContext,
  parentId: string | undefined,
  options: SpanOptions
): Effect.Effect<A, E, R> =>
  Effect.suspend(() => {
    const startedAt = Date.now()
    return effect.pipe(
      Effect.onExit((exit) =>
        Effect.sync(() =>
          tracing.record({
            context: own,
            parentId,
            name: options.name,
            kind: options.kind,
            startedAt,
            endedAt: Date.now(),
            attributes: options.attributes ?? {},
            error: Exit.isSuccess(exit) ? undefined : String(Cause.squash(exit.cause)).split("\n", 1)[0]!
          })
        )
      ),
      Effect.provideService(CurrentTrace, own)
    )
  })

/** The same under the span that the fiber works in; nothing of it where there is none. */
export const traced = <A, E, R>(effect: Effect.Effect<A, E, R>, options: SpanOptions): Effect.Effect<A, E, R> =>
  tracing.active
    ? Effect.flatMap(CurrentTrace, (parent) =>
        parent === undefined ? effect : withSpan(effect, tracing.child(parent), parent.spanId, options)
      )
    : effect
