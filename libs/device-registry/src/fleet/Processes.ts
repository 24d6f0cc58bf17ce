import { type PlacementMap, watchPlacement } from "@roost/cluster"
import { ProcessSummary, Subjects } from "@roost/contracts"
import { FrameBus, type NatsConnection } from "@roost/nats"
import { metrics } from "@roost/observability"
import { Clock, Context, Effect, Layer, Result, Schema } from "effect"
import { type HeardProcess, HeardProcesses } from "./HeardProcesses.ts"

/** The processes of Roost, as they tell of themselves, and who serves which partition. */
export class Processes extends Context.Service<
  Processes,
  {
    readonly current: () => ReadonlyArray<HeardProcess>
    /** The node id of the partition's owner. */
    readonly ownerOf: (partition: number) => string | undefined
  }
>()("@roost/device-registry/Processes") {
  static readonly layer: Layer.Layer<Processes, never, NatsConnection> = Layer.effect(
    Processes,
    Effect.gen(function* () {
      const bus = yield* FrameBus
      const clock = yield* Clock.Clock
      const now = () => Number(clock.monotonicTimeNanosUnsafe() / 1_000_000n)
      const heard = new HeardProcesses()
      yield* bus.subscribe(Subjects.summary("*"), (bytes) => {
        const summary = decode(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("utf8"))
        if (Result.isSuccess(summary)) heard.handle(now(), summary.success)
        else unreadable.inc()
      })
      const placement: PlacementMap = yield* watchPlacement
      return Processes.of({
        current: () => heard.current(now()),
        ownerOf: (partition) => placement.ownerOf(partition)
      })
    })
  ).pipe(Layer.provide(FrameBus.layer))

  /** Nobody is heard of; for tests. */
  static readonly layerNone = Layer.succeed(Processes, Processes.of({ current: () => [], ownerOf: () => undefined }))
}

const decode = Schema.decodeUnknownResult(Schema.fromJsonString(ProcessSummary))
const unreadable = metrics.counter(
  "roost_registry_summaries_unreadable_total",
  "Summaries of processes that could not be read: a process of another version."
)
