import { type Cluster, type ClusterNode, partitionCount } from "@roost/contracts"
import { Clock, Context, Effect, Layer } from "effect"
import { NatsConnection, streamStates } from "@roost/nats"
import type { HeardProcess } from "./HeardProcesses.ts"
import { Processes } from "./Processes.ts"
import { problemsOf } from "./ClusterProblems.ts"

/** The answer to `GET /v1/cluster`. */
export class ClusterView extends Context.Service<ClusterView, { readonly look: Effect.Effect<Cluster> }>()(
  "@roost/device-registry/ClusterView"
) {
  static readonly layer: Layer.Layer<ClusterView, never, Processes | NatsConnection> = Layer.effect(
    ClusterView,
    Effect.gen(function* () {
      const connection = yield* NatsConnection
      const states = yield* Effect.cachedWithTTL(
        Effect.provideService(streamStates, NatsConnection, connection),
        statesMillis
      )
      return yield* viewOf(
        states.pipe(
          Effect.map((found) => ({ ...found, fault: undefined })),
          Effect.catch((error) => Effect.succeed({ streams: [], natsServers: [], fault: error.message }))
        )
      )
    })
  )

  /** Without NATS; for tests. */
  static readonly layerNone: Layer.Layer<ClusterView, never, Processes> = Layer.effect(
    ClusterView,
    Effect.suspend(() => viewOf(Effect.succeed({ streams: [], natsServers: [], fault: undefined })))
  )
}

/** How old what is told of streams may be: a list of all of them and who reads them is some twenty questions. */
const statesMillis = 2_000

const viewOf = (
  states: Effect.Effect<Pick<Cluster, "streams" | "natsServers"> & { readonly fault: string | undefined }>
) =>
  Effect.gen(function* () {
    const processes = yield* Processes
    const look = Effect.gen(function* () {
      const at = yield* Clock.currentTimeMillis
      const nodes = processes.current().map((heard) => nodeOf(at, heard))
      const indexes = new Map(
        nodes.flatMap(({ app, node }, index) => (app === "session-actors" ? [[node, index] as const] : []))
      )
      const partitions = Array.from({ length: partitionCount }, (_, partition) => {
        const owner = processes.ownerOf(partition)
        return owner === undefined ? null : (indexes.get(owner) ?? null)
      })
      const served = new Map<number | null, number>()
      for (const index of partitions) served.set(index, (served.get(index) ?? 0) + 1)
      const withPartitions = nodes.map((node, index): ClusterNode =>
        node.app === "session-actors" ? Object.assign(node, { partitions: served.get(index) ?? 0 }) : node
      )
      const { fault, ...stored } = yield* states
      const view = { at, nodes: withPartitions, partitions, ...stored }
      const silent = fault === undefined ? [] : [`The streams could not be looked at: ${fault}.`]
      return { ...view, problems: [...silent, ...problemsOf(view)] }
    })
    return ClusterView.of({ look })
  })

const nodeOf = (at: number, { ago, rate, summary }: HeardProcess): ClusterNode => {
  const { app, checks, host, lagMillis, memoryBytes, node, nodeVersion, ready, since, version } = summary
  return {
    app,
    node,
    host,
    version,
    nodeVersion,
    since,
    lastSeen: Math.round(at - ago),
    ready,
    checks,
    cpu: Math.round(rate(({ cpuSeconds }) => cpuSeconds) * 1_000) / 1_000,
    memoryBytes,
    lagMillis
  }
}
