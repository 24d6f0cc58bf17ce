import { SinkTestReply, SinkTestRequest, type SinkTestResult, type StoredSink, Subjects } from "@roost/contracts"
import { codeAndLink } from "@roost/explain"
import { type RpcDefinition, serveRpc } from "@roost/nats"
import { Clock, Effect, Layer } from "effect"
import { openWriter } from "../delivery/SinkDelivery.ts"
import { SinkScripts } from "../delivery/SinkScripts.ts"
import { targetFault } from "../delivery/TargetFault.ts"
import { Sinks } from "./Sinks.ts"

/** A target that takes connections and says nothing is given up by then. */
const tryMillisMax = 15_000
export const testMillisMax = tryMillisMax + 5_000

export const sinkTestRpc: RpcDefinition<typeof SinkTestRequest.Type, SinkTestReply> = {
  subject: Subjects.sinkTest,
  request: SinkTestRequest,
  response: SinkTestReply
}

/** Answers for the registry whether a sink's target can be reached from here, and whether its script can be run. */
export const layerSinkTest = Layer.effectDiscard(
  Effect.gen(function* () {
    const sinks = yield* Sinks
    yield* serveRpc(sinkTestRpc, { queue: "sinks" }, ({ sinkId }) =>
      sinks.get(sinkId).pipe(
        Effect.flatMap(tryTarget),
        Effect.map((result): SinkTestReply => ({ _tag: "Tried", result })),
        Effect.catchTag("NoSuchSink", () => Effect.succeed<SinkTestReply>({ _tag: "Unknown" }))
      )
    )
  })
)

const tryTarget = Effect.fnUntraced(function* (sink: StoredSink) {
  const scripts = yield* SinkScripts
  const begun = yield* Clock.currentTimeMillis
  const { script, sinkId } = sink
  const reached = Effect.gen(function* () {
    const unrunnable =
      script === undefined
        ? undefined
        : yield* scripts.check({ productKey: `test ${sinkId}`, version: 0, source: script })
    if (unrunnable !== undefined) {
      return yield* targetFault("events", "sink-script", `the script: ${unrunnable.reason}, ${unrunnable.message}`)
    }
    const writer = yield* openWriter(sink)
    return yield* writer.test
  }).pipe(
    Effect.scoped,
    Effect.timeoutOrElse({
      duration: tryMillisMax,
      orElse: () => targetFault("target", "sink-unreachable", `the target is silent for ${tryMillisMax / 1_000} s`)
    })
  )
  const fault = yield* Effect.as(reached, undefined).pipe(Effect.catch((fault) => Effect.succeed(fault)))
  const millis = (yield* Clock.currentTimeMillis) - begun
  const result: SinkTestResult =
    fault === undefined
      ? { reached: true, millis }
      : { reached: false, millis, error: fault.detail, cure: fault.cure, ...codeAndLink(fault.code) }
  return result
})
