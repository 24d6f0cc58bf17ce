/** A line of a panel: PromQL, and the names of its series. */
interface Query {
  readonly expr: string
  readonly legend: string
}

interface Panel {
  readonly title: string
  /** The reader's next question, answered: what is good, and where to look if it is not. */
  readonly about: string
  /** Grafana's name for it. */
  readonly unit: string
  readonly queries: ReadonlyArray<Query>
  readonly kind: "timeseries" | "stat"
}

interface Dashboard {
  readonly uid: string
  readonly title: string
  readonly panels: ReadonlyArray<Panel>
}

const filter = 'job="$job"'
const rate = (metric: string, by: string): string => `sum by (${by}) (rate(${metric}{${filter}}[$__rate_interval]))`
const total = (metric: string): string => `sum(rate(${metric}{${filter}}[$__rate_interval]))`
const gauge = (metric: string, by: string): string => `sum by (${by}) (${metric}{${filter}})`

/** Three percentiles of a histogram; `by`: one line of the 99th for each value of a label. */
const percentiles = (metric: string, by?: string): ReadonlyArray<Query> => {
  const of = (quantile: number, grouped: string) =>
    `histogram_quantile(${quantile}, sum by (${grouped}) (rate(${metric}_bucket{${filter}}[$__rate_interval])))`
  if (by !== undefined) return [{ expr: of(0.99, `le, ${by}`), legend: `p99 {{${by}}}` }]
  return [0.5, 0.9, 0.99].map((quantile) => ({ expr: of(quantile, "le"), legend: `p${quantile * 100}` }))
}

/** A line for each of the counters, by its legend. */
const totals = (metrics: Readonly<Record<string, string>>): ReadonlyArray<Query> =>
  Object.entries(metrics).map(([legend, metric]) => ({ expr: total(metric), legend }))

const one = (expr: string, legend: string): ReadonlyArray<Query> => [{ expr, legend }]

const panelOf =
  (kind: Panel["kind"]) =>
  (title: string, unit: string, about: string, queries: ReadonlyArray<Query>): Panel => ({
    title,
    about,
    unit,
    queries,
    kind
  })
const panel = panelOf("timeseries")
const stat = panelOf("stat")

const fleet: Dashboard = {
  uid: "roost-fleet",
  title: "Roost: fleet and uplinks",
  panels: [
    stat(
      "Devices online",
      "short",
      "Of all session-actors. A third fewer within a quarter of an hour pages somebody.",
      one(`sum(roost_actors_devices_online{${filter}})`, "online")
    ),
    stat(
      "Partitions without an owner",
      "short",
      "0, or devices hear nothing.",
      one(`max(roost_edge_partitions_unowned{${filter}})`, "unowned")
    ),
    panel(
      "Uplinks",
      "reqps",
      "Stored, and answered 5.00 since they were not.",
      totals({ stored: "roost_actors_uplinks_stored_total", "not stored": "roost_actors_stores_failed_total" })
    ),
    panel(
      "Uplink, from datagram to 2.04",
      "s",
      "At the edge, both ends. Most of it is the store's acknowledgement.",
      percentiles("roost_uplink_seconds")
    ),
    panel(
      "Store's acknowledgement",
      "s",
      "From publishing to the stream's answer, p99 of each process.",
      percentiles("roost_nats_store_seconds", "instance")
    ),
    panel(
      "Answers to devices",
      "reqps",
      "By CoAP code: 2.04 is what a device wants to hear.",
      one(rate("roost_actors_responses_total", "code"), "{{code}}")
    ),
    panel(
      "Presence",
      "ops",
      "Devices that went online and offline.",
      totals({ online: "roost_actors_online_total", offline: "roost_actors_offline_total" })
    ),
    panel(
      "Devices by session-actors",
      "short",
      "Each has its share of the partitions.",
      one(gauge("roost_actors_devices", "instance"), "{{instance}}")
    )
  ]
}

const doors: Dashboard = {
  uid: "roost-edges",
  title: "Roost: edges and handshakes",
  panels: [
    panel(
      "Datagrams",
      "pps",
      "From devices and to them, of all edges.",
      totals({ in: "roost_edge_datagrams_received_total", out: "roost_edge_datagrams_sent_total" })
    ),
    panel(
      "Datagrams that went nowhere",
      "pps",
      "By reason. GET /v1/strangers of the registry says whose.",
      one(rate("roost_edge_dropped_total", "reason"), "{{reason}}")
    ),
    panel(
      "Dropped by the kernel",
      "pps",
      "0, or the edge reads too slowly: another edge, or a larger net.core.rmem_max.",
      one(rate("roost_edge_kernel_dropped_total", "instance"), "{{instance}}")
    ),
    panel(
      "Handshakes",
      "ops",
      "Begun, established, and of those resumed.",
      totals({
        begun: "roost_actors_handshakes_started_total",
        established: "roost_actors_handshakes_established_total",
        resumed: "roost_actors_handshakes_resumed_total",
        refused: "roost_actors_handshakes_refused_total",
        expired: "roost_actors_handshakes_expired_total"
      })
    ),
    panel(
      "Handshake: the device's part",
      "s",
      "From ServerHello to ClientKeyExchange: radio and device.",
      percentiles("roost_edge_key_exchange_seconds")
    ),
    panel(
      "Handshake: Roost's part",
      "s",
      "verify: the key is asked for. store: the session is stored and answered.",
      percentiles("roost_actors_handshake_seconds", "stage")
    ),
    panel(
      "Records and messages without effect",
      "pps",
      "By reason: what did not verify, repeats, what no client should send.",
      [
        { expr: rate("roost_actors_records_dropped_total", "reason"), legend: "record {{reason}}" },
        { expr: rate("roost_actors_messages_ignored_total", "reason"), legend: "message {{reason}}" }
      ]
    ),
    panel(
      "Frames that wait or were discarded",
      "short",
      "More than nothing for long: session-actors has more to do than it can.",
      [
        { expr: gauge("roost_actors_frames_waiting_bytes", "instance"), legend: "bytes {{instance}}" },
        { expr: rate("roost_actors_frames_discarded_total", "instance"), legend: "discarded {{instance}}" }
      ]
    )
  ]
}

const applications: Dashboard = {
  uid: "roost-applications",
  title: "Roost: commands, HTTP, webhooks, sinks",
  panels: [
    panel(
      "Commands that wait",
      "short",
      "created: for their device. sent: for its reply.",
      one(`max by (state) (roost_commands_waiting{${filter}})`, "{{state}}")
    ),
    panel(
      "Commands by what became of them",
      "ops",
      "timedOut and failed say more in GET /v1/commands/{id}.",
      one(rate("roost_commands_total", "state"), "{{state}}")
    ),
    panel(
      "Command by stage",
      "s",
      "announce and fetch wait until a sleeping device comes; reply is the device's own time.",
      percentiles("roost_command_seconds", "stage")
    ),
    panel(
      "HTTP requests",
      "reqps",
      "By outcome.",
      one(rate("roost_http_request_seconds_count", "status"), "{{status}}")
    ),
    panel(
      "HTTP, the slowest routes",
      "s",
      "p99 until the answer begins.",
      one(
        `topk(10, histogram_quantile(0.99, sum by (le, method, route) (rate(roost_http_request_seconds_bucket{${filter}}[$__rate_interval]))))`,
        "{{method}} {{route}}"
      )
    ),
    panel(
      "Webhooks",
      "ops",
      "Events that receivers took, requests that they did not, events that went to WEBHOOK_DEAD.",
      totals({
        taken: "roost_webhook_events_total",
        refused: "roost_webhook_refused_total",
        dead: "roost_webhook_dead_total"
      })
    ),
    panel(
      "Webhooks' receivers",
      "s",
      "How long they take to answer; at most 10 s.",
      percentiles("roost_webhook_seconds")
    ),
    panel(
      "Sinks behind",
      "s",
      "Age of the oldest event that waits.",
      one(`max by (sink, source) (roost_sink_lag_seconds{${filter}})`, "{{sink}} {{source}}")
    )
  ]
}

const processes: Dashboard = {
  uid: "roost-processes",
  title: "Roost: processes and store",
  panels: [
    panel("Up", "short", "1 for each process that answers.", one(`up{${filter}}`, "{{instance}}")),
    panel(
      "Versions",
      "short",
      "More than one for an hour: an update was not ended.",
      one(`count by (version, node) (roost_build_info{${filter}})`, "{{version}}, Node {{node}}")
    ),
    panel(
      "CPU",
      "short",
      "Cores. An app works in one thread.",
      one(rate("process_cpu_seconds_total", "instance"), "{{instance}}")
    ),
    panel("Memory", "bytes", "Resident.", one(gauge("process_resident_memory_bytes", "instance"), "{{instance}}")),
    panel(
      "Longest turn of the event loop",
      "s",
      "All that comes meanwhile waits. 0.5 s again and again is a ticket.",
      one(`max by (instance) (nodejs_eventloop_lag_max_seconds{${filter}})`, "{{instance}}")
    ),
    panel(
      "Streams and buckets, share of their limit",
      "percentunit",
      "A full one refuses what comes.",
      one(`max by (stream) (roost_stream_bytes{${filter}} / (roost_stream_bytes_max{${filter}} > 0))`, "{{stream}}")
    ),
    panel("NATS", "short", "1: connected, and it takes what is stored.", [
      { expr: `min by (instance) (roost_nats_connected{${filter}})`, legend: "connected {{instance}}" },
      { expr: `min by (instance) (roost_nats_store_takes{${filter}})`, legend: "stores {{instance}}" }
    ]),
    panel(
      "Set aside, given back, repeated",
      "ops",
      "Messages that a consumer could not handle, and those that were tried again.",
      [
        { expr: rate("roost_nats_set_aside_total", "consumer"), legend: "set aside {{consumer}}" },
        { expr: total("roost_nats_consumed_again_total"), legend: "given back" },
        { expr: total("roost_nats_stream_repeated_total"), legend: "published again" }
      ]
    ),
    panel(
      "Leases",
      "short",
      "Partitions of each node; they add up to 512.",
      one(gauge("roost_cluster_partitions_owned", "instance"), "{{instance}}")
    ),
    panel(
      "Spans",
      "ops",
      "Sent, and lost or dropped: is the receiver of traces there?",
      totals({
        sent: "roost_trace_spans_exported_total",
        lost: "roost_trace_spans_lost_total",
        dropped: "roost_trace_spans_dropped_total"
      })
    )
  ]
}

const dashboards: ReadonlyArray<Dashboard> = [fleet, doors, applications, processes]

const width = 12
const height = 8

const grafanaPanel = ({ about, kind, queries, title, unit }: Panel, index: number) => ({
  id: index + 1,
  type: kind,
  title,
  description: about,
  datasource: { type: "prometheus", uid: "$datasource" },
  gridPos: { h: height, w: width, x: (index % 2) * width, y: Math.floor(index / 2) * height },
  fieldConfig: { defaults: { unit, min: 0 }, overrides: [] },
  options:
    kind === "stat"
      ? { reduceOptions: { calcs: ["lastNotNull"] } }
      : {
          legend: { displayMode: "table", placement: "right", calcs: ["lastNotNull", "max"] },
          tooltip: { mode: "multi" }
        },
  targets: queries.map(({ expr, legend }, query) => ({
    refId: String.fromCharCode(65 + query),
    expr,
    legendFormat: legend,
    exemplar: expr.startsWith("histogram_quantile")
  }))
})

const variable = (name: string, type: string, more: object) => ({ name, type, label: name, hide: 0, ...more })

/** The dashboards as Grafana imports them, by their files' paths from the root. */
export const dashboardFiles = (): Readonly<Record<string, string>> =>
  Object.fromEntries(
    dashboards.map(({ panels, title, uid }) => [
      `deploy/grafana/${uid}.json`,
      `${JSON.stringify(
        {
          uid,
          title,
          tags: ["roost"],
          schemaVersion: 39,
          version: 1,
          editable: true,
          refresh: "30s",
          time: { from: "now-6h", to: "now" },
          timezone: "browser",
          templating: {
            list: [
              variable("datasource", "datasource", { query: "prometheus" }),
              variable("job", "query", {
                datasource: { type: "prometheus", uid: "$datasource" },
                query: { query: "label_values(roost_build_info, job)", refId: "jobs" },
                refresh: 1
              })
            ]
          },
          links: [
            { type: "dashboards", tags: ["roost"], title: "Roost", asDropdown: true, includeVars: true, keepTime: true }
          ],
          panels: panels.map(grafanaPanel)
        },
        undefined,
        2
      )}\n`
    ])
  )

/** All PromQL that the dashboards ask. */
export const dashboardQueries = (): ReadonlyArray<string> =>
  dashboards.flatMap(({ panels }) => panels.flatMap(({ queries }) => queries.map(({ expr }) => expr)))
