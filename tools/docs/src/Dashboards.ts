/** What a panel shows: PromQL and what its series are called. */
interface Query {
  readonly expr: string
  readonly legend: string
}

interface Panel {
  readonly title: string
  /** The reader's next question, answered: what is good, and where to look if it is not. */
  readonly about: string
  readonly unit: string
  readonly queries: ReadonlyArray<Query>
  readonly kind?: "timeseries" | "stat"
}

interface Dashboard {
  readonly uid: string
  readonly title: string
  readonly panels: ReadonlyArray<Panel>
}

const filter = 'job="$job"'
const rate = (metric: string, by: string, labels = filter): string =>
  `sum by (${by}) (rate(${metric}{${labels}}[$__rate_interval]))`
const total = (metric: string, labels = filter): string => `sum(rate(${metric}{${labels}}[$__rate_interval]))`
const gauge = (metric: string, by: string, labels = filter): string => `sum by (${by}) (${metric}{${labels}})`

/** Three percentiles of a histogram; `by`: one line of the 99th for each value of a label. */
const percentiles = (metric: string, by?: string, labels = filter): ReadonlyArray<Query> => {
  const of = (quantile: number, grouped: string) =>
    `histogram_quantile(${quantile}, sum by (${grouped}) (rate(${metric}_bucket{${labels}}[$__rate_interval])))`
  if (by !== undefined) return [{ expr: of(0.99, `le, ${by}`), legend: `p99 {{${by}}}` }]
  return [0.5, 0.9, 0.99].map((quantile) => ({ expr: of(quantile, "le"), legend: `p${quantile * 100}` }))
}

const one = (expr: string, legend: string): ReadonlyArray<Query> => [{ expr, legend }]

const fleet: Dashboard = {
  uid: "roost-fleet",
  title: "Roost: fleet and uplinks",
  panels: [
    {
      title: "Devices online",
      about: "Of all session-actors. A third fewer within a quarter of an hour pages somebody.",
      unit: "short",
      kind: "stat",
      queries: one(`sum(roost_actors_devices_online{${filter}})`, "online")
    },
    {
      title: "Partitions without an owner",
      about: "0, or devices hear nothing.",
      unit: "short",
      kind: "stat",
      queries: one(`max(roost_edge_partitions_unowned{${filter}})`, "unowned")
    },
    {
      title: "Uplinks",
      about: "Stored, and answered 5.00 since they were not.",
      unit: "reqps",
      queries: [
        { expr: total("roost_actors_uplinks_stored_total"), legend: "stored" },
        { expr: total("roost_actors_stores_failed_total"), legend: "not stored" }
      ]
    },
    {
      title: "Uplink, from datagram to 2.04",
      about: "At the edge, both ends. Most of it is the store's acknowledgement.",
      unit: "s",
      queries: percentiles("roost_uplink_seconds")
    },
    {
      title: "Store's acknowledgement",
      about: "From publishing to the stream's answer, p99 of each process.",
      unit: "s",
      queries: percentiles("roost_nats_store_seconds", "instance")
    },
    {
      title: "Answers to devices",
      about: "By CoAP code: 2.04 is what a device wants to hear.",
      unit: "reqps",
      queries: one(rate("roost_actors_responses_total", "code"), "{{code}}")
    },
    {
      title: "Presence",
      about: "Devices that went online and offline.",
      unit: "ops",
      queries: [
        { expr: total("roost_actors_online_total"), legend: "online" },
        { expr: total("roost_actors_offline_total"), legend: "offline" }
      ]
    },
    {
      title: "Devices by session-actors",
      about: "Each has its share of the partitions.",
      unit: "short",
      queries: one(gauge("roost_actors_devices", "instance"), "{{instance}}")
    }
  ]
}

const doors: Dashboard = {
  uid: "roost-edges",
  title: "Roost: edges and handshakes",
  panels: [
    {
      title: "Datagrams",
      about: "From devices and to them, of all edges.",
      unit: "pps",
      queries: [
        { expr: total("roost_edge_datagrams_received_total"), legend: "in" },
        { expr: total("roost_edge_datagrams_sent_total"), legend: "out" }
      ]
    },
    {
      title: "Datagrams that went nowhere",
      about: "By reason. GET /v1/strangers of the registry says whose.",
      unit: "pps",
      queries: one(rate("roost_edge_dropped_total", "reason"), "{{reason}}")
    },
    {
      title: "Dropped by the kernel",
      about: "0, or the edge reads too slowly: another edge, or a larger net.core.rmem_max.",
      unit: "pps",
      queries: one(rate("roost_edge_kernel_dropped_total", "instance"), "{{instance}}")
    },
    {
      title: "Handshakes",
      about: "Begun, established, and of those resumed.",
      unit: "ops",
      queries: [
        { expr: total("roost_actors_handshakes_started_total"), legend: "begun" },
        { expr: total("roost_actors_handshakes_established_total"), legend: "established" },
        { expr: total("roost_actors_handshakes_resumed_total"), legend: "resumed" },
        { expr: total("roost_actors_handshakes_refused_total"), legend: "refused" },
        { expr: total("roost_actors_handshakes_expired_total"), legend: "expired" }
      ]
    },
    {
      title: "Handshake: the device's part",
      about: "From ServerHello to ClientKeyExchange: radio and device.",
      unit: "s",
      queries: percentiles("roost_edge_key_exchange_seconds")
    },
    {
      title: "Handshake: Roost's part",
      about: "verify: the key is asked for. store: the session is stored and answered.",
      unit: "s",
      queries: percentiles("roost_actors_handshake_seconds", "stage")
    },
    {
      title: "Records and messages without effect",
      about: "By reason: what did not verify, repeats, what no client should send.",
      unit: "pps",
      queries: [
        { expr: rate("roost_actors_records_dropped_total", "reason"), legend: "record {{reason}}" },
        { expr: rate("roost_actors_messages_ignored_total", "reason"), legend: "message {{reason}}" }
      ]
    },
    {
      title: "Frames that wait or were discarded",
      about: "More than nothing for long: session-actors has more to do than it can.",
      unit: "short",
      queries: [
        { expr: gauge("roost_actors_frames_waiting_bytes", "instance"), legend: "bytes {{instance}}" },
        { expr: rate("roost_actors_frames_discarded_total", "instance"), legend: "discarded {{instance}}" }
      ]
    }
  ]
}

const applications: Dashboard = {
  uid: "roost-applications",
  title: "Roost: commands, HTTP, webhooks, sinks",
  panels: [
    {
      title: "Commands that wait",
      about: "created: for their device. sent: for its reply.",
      unit: "short",
      queries: one(`max by (state) (roost_commands_waiting{${filter}})`, "{{state}}")
    },
    {
      title: "Commands by what became of them",
      about: "timedOut and failed say more in GET /v1/commands/{id}.",
      unit: "ops",
      queries: one(rate("roost_commands_total", "state"), "{{state}}")
    },
    {
      title: "Command by stage",
      about: "announce and fetch wait until a sleeping device comes; reply is the device's own time.",
      unit: "s",
      queries: percentiles("roost_command_seconds", "stage")
    },
    {
      title: "HTTP requests",
      about: "By outcome.",
      unit: "reqps",
      queries: one(rate("roost_http_request_seconds_count", "status"), "{{status}}")
    },
    {
      title: "HTTP, the slowest routes",
      about: "p99 until the answer begins.",
      unit: "s",
      queries: one(
        `topk(10, histogram_quantile(0.99, sum by (le, method, route) (rate(roost_http_request_seconds_bucket{${filter}}[$__rate_interval]))))`,
        "{{method}} {{route}}"
      )
    },
    {
      title: "Webhooks",
      about: "Events that receivers took, requests that they did not, events that went to WEBHOOK_DEAD.",
      unit: "ops",
      queries: [
        { expr: total("roost_webhook_events_total"), legend: "taken" },
        { expr: total("roost_webhook_refused_total"), legend: "refused" },
        { expr: total("roost_webhook_dead_total"), legend: "dead" }
      ]
    },
    {
      title: "Webhooks' receivers",
      about: "How long they take to answer; at most 10 s.",
      unit: "s",
      queries: percentiles("roost_webhook_seconds")
    },
    {
      title: "Sinks behind",
      about: "Age of the oldest event that waits.",
      unit: "s",
      queries: one(`max by (sink, source) (roost_sink_lag_seconds{${filter}})`, "{{sink}} {{source}}")
    }
  ]
}

const processes: Dashboard = {
  uid: "roost-processes",
  title: "Roost: processes and store",
  panels: [
    {
      title: "Up",
      about: "1 for each process that answers.",
      unit: "short",
      queries: one(`up{${filter}}`, "{{instance}}")
    },
    {
      title: "Versions",
      about: "More than one for an hour: an update was not ended.",
      unit: "short",
      queries: one(`count by (version, node) (roost_build_info{${filter}})`, "{{version}}, Node {{node}}")
    },
    {
      title: "CPU",
      about: "Cores. An app works in one thread.",
      unit: "short",
      queries: one(rate("process_cpu_seconds_total", "instance"), "{{instance}}")
    },
    {
      title: "Memory",
      about: "Resident.",
      unit: "bytes",
      queries: one(gauge("process_resident_memory_bytes", "instance"), "{{instance}}")
    },
    {
      title: "Longest turn of the event loop",
      about: "All that comes meanwhile waits. 0.5 s again and again is a ticket.",
      unit: "s",
      queries: one(`max by (instance) (nodejs_eventloop_lag_max_seconds{${filter}})`, "{{instance}}")
    },
    {
      title: "Streams and buckets, share of their limit",
      about: "A full one refuses what comes.",
      unit: "percentunit",
      queries: one(
        `max by (stream) (roost_stream_bytes{${filter}} / (roost_stream_bytes_max{${filter}} > 0))`,
        "{{stream}}"
      )
    },
    {
      title: "NATS",
      about: "1: connected, and it takes what is stored.",
      unit: "short",
      queries: [
        { expr: `min by (instance) (roost_nats_connected{${filter}})`, legend: "connected {{instance}}" },
        { expr: `min by (instance) (roost_nats_store_takes{${filter}})`, legend: "stores {{instance}}" }
      ]
    },
    {
      title: "Set aside, given back, repeated",
      about: "Messages that a consumer could not handle, and those that were tried again.",
      unit: "ops",
      queries: [
        { expr: rate("roost_nats_set_aside_total", "consumer"), legend: "set aside {{consumer}}" },
        { expr: total("roost_nats_consumed_again_total"), legend: "given back" },
        { expr: total("roost_nats_stream_repeated_total"), legend: "published again" }
      ]
    },
    {
      title: "Leases",
      about: "Partitions of each node; they add up to 512.",
      unit: "short",
      queries: one(gauge("roost_cluster_partitions_owned", "instance"), "{{instance}}")
    },
    {
      title: "Spans",
      about: "Sent, and lost or dropped: is the receiver of traces there?",
      unit: "ops",
      queries: [
        { expr: total("roost_trace_spans_exported_total"), legend: "sent" },
        { expr: total("roost_trace_spans_lost_total"), legend: "lost" },
        { expr: total("roost_trace_spans_dropped_total"), legend: "dropped" }
      ]
    }
  ]
}

const dashboards: ReadonlyArray<Dashboard> = [fleet, doors, applications, processes]

const width = 12
const height = 8

const panelOf = ({ about, kind = "timeseries", queries, title, unit }: Panel, index: number) => ({
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
          panels: panels.map(panelOf)
        },
        undefined,
        2
      )}\n`
    ])
  )

/** All PromQL that the dashboards ask. */
export const dashboardQueries = (): ReadonlyArray<string> =>
  dashboards.flatMap(({ panels }) => panels.flatMap(({ queries }) => queries.map(({ expr }) => expr)))
