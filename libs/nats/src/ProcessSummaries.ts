import { base32Number, type NatsUserName, type ProcessSummary, Subjects, summaryEveryMillis } from "@roost/contracts"
import { Health, identity, metrics, version } from "@roost/observability"
import { Effect, Layer, type Scope } from "effect"
import { hostname } from "node:os"
import { FrameBus } from "./FrameBus.ts"
import type { NatsConnection } from "./NatsConnection.ts"

/**
 * Tells once a second what this process is and did, until the scope ends: `GET /v1/summary` and `GET /v1/cluster` are made from it. One
 * small message on a subject that nobody stores.
 */
export const tellOfProcess = Effect.fnUntraced(function* (
  app: NatsUserName,
  node: string
): Effect.fn.Return<void, never, FrameBus | Health | Scope.Scope> {
  identity.node = node
  const bus = yield* FrameBus
  const health = yield* Health
  const tell = Effect.sync(() => {
    bus.publish(Subjects.summary(app), Buffer.from(JSON.stringify(summaryNow({ app, node }, health.readiness()))))
  })
  yield* tell.pipe(Effect.andThen(Effect.sleep(summaryEveryMillis)), Effect.forever, Effect.forkScoped)
})

/** Of an app that has no name among its like. */
export const layerProcessSummary = (app: NatsUserName): Layer.Layer<never, never, NatsConnection | Health> =>
  Layer.effectDiscard(
    Effect.suspend(() => tellOfProcess(app, base32Number(Math.floor(Math.random() * 32 ** idLength), idLength)))
  ).pipe(Layer.provide(FrameBus.layer))

const idLength = 8

type Readiness = ReturnType<(typeof Health)["Service"]["readiness"]>

const summaryNow = (
  named: Pick<ProcessSummary, "app" | "node">,
  { checks, degraded, ready }: Readiness
): ProcessSummary => {
  const { system, user } = process.cpuUsage()
  const waiting = ofLabels("state", "roost_commands_waiting")
  return {
    ...named,
    host: hostname(),
    version,
    nodeVersion: process.version,
    since: Math.round(Date.now() - process.uptime() * 1_000),
    ready,
    checks: { ...Object.fromEntries(Object.entries(checks).filter(([, text]) => text !== "ok")), ...degraded },
    cpuSeconds: (user + system) / 1e6,
    memoryBytes: process.memoryUsage.rss(),
    lagMillis: Math.round(total("nodejs_eventloop_lag_p50_seconds") * 1_000),
    counts: Object.fromEntries([
      ...Object.entries(counted).map(([name, metric]) => [name, total(metric)] as const),
      ...Object.entries(ofLabels("state", "roost_commands_total")).map(
        ([state, count]) => [`commands.${state}`, count] as const
      )
    ]),
    refusals: refusalsNow(),
    ...(Object.keys(waiting).length > 0 && { waiting })
  }
}

/** The metrics of any app that are told; a missing one is 0. */
const counted = {
  uplinks: "roost_actors_uplinks_stored_total",
  handshakes: "roost_actors_handshakes_established_total",
  resumptions: "roost_actors_handshakes_resumed_total",
  requests: "roost_actors_requests_total"
} as const

/** Refusals by their code: a word, and where a label says more, its value. */
const refused: ReadonlyArray<{
  readonly code: string
  readonly metric: string
  readonly label?: string
  readonly not?: RegExp
}> = [
  { code: "datagram", metric: "roost_edge_dropped_total", label: "reason" },
  { code: "record", metric: "roost_actors_records_dropped_total", label: "reason" },
  { code: "message", metric: "roost_actors_messages_ignored_total", label: "reason" },
  { code: "request", metric: "roost_actors_responses_total", label: "code", not: /^2\./ },
  { code: "handshake", metric: "roost_registry_psk_total", label: "result", not: /^Found$/ },
  { code: "handshake.NotVerified", metric: "roost_actors_handshakes_refused_total" },
  { code: "handshake.Unfinished", metric: "roost_actors_handshakes_expired_total" },
  { code: "handshake.OverLimit", metric: "roost_actors_handshakes_over_limit_total" },
  { code: "activation", metric: "roost_registry_activations_total", label: "result", not: /^Issued$/ },
  { code: "store.NotStored", metric: "roost_actors_stores_failed_total" },
  { code: "webhook.NotTaken", metric: "roost_webhook_refused_total" }
]

const refusalsNow = (): Readonly<Record<string, number>> =>
  Object.fromEntries(
    refused.flatMap(({ code, label, metric, not }) => {
      const counts: ReadonlyArray<readonly [string, number]> =
        label === undefined
          ? [[code, total(metric)]]
          : Object.entries(ofLabels(label, metric)).flatMap(([value, count]) =>
              not?.test(value) === true ? [] : [[`${code}.${value}`, count] as const]
            )
      return counts.filter(([, count]) => count > 0)
    })
  )

const ofLabels = (label: string, metric: string): Readonly<Record<string, number>> => {
  const found: Record<string, number> = {}
  for (const [value, count] of metrics.read(metric, label)) found[value] = (found[value] ?? 0) + count
  return found
}

const total = (metric: string): number => metrics.read(metric).reduce((sum, [, value]) => sum + value, 0)
