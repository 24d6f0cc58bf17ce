import type { Latency } from "@roost/load"
import {
  type Content,
  html,
  listOf,
  type Markup,
  noticeOf,
  pageOf,
  plotOf,
  sectionOf,
  tableOf,
  tilesOf
} from "@roost/tool-report"
import { readFileSync } from "node:fs"
import type { Report } from "../Report.ts"
import { adviceOf } from "./Advice.ts"
import { formatBytes, formatCount, formatDuration, formatErrors, formatMicros, formatMillis } from "./Format.ts"
import { inFlightOf } from "./Summary.ts"

/** The whole report as one page. */
export const htmlOf = (report: Report): string =>
  pageOf({
    title: `Load test: ${formatCount(report.config.devices)} devices, ${report.startedAt.slice(0, 16).replace("T", " ")}`,
    lead: html`<p>${subtitleOf(report)}</p>`,
    body: [
      noticesOf(report),
      figuresOf(report),
      html`<div class="plots">${plotsOf(report)}</div>`,
      sectionOf("Phases", phasesOf(report)),
      report.servers.length > 0 ? sectionOf("Server processes", serversOf(report)) : undefined,
      sectionOf("Errors", [html`<p>${errorsOf(report)}</p>`, listOf(adviceOf(report))]),
      sectionOf("Configuration", configurationOf(report))
    ],
    drawing: { report, script: readFileSync(new URL("page.js", import.meta.url), "utf8") }
  })

const subtitleOf = ({ config, seconds }: Report): string => {
  const loop =
    config.ratePerSecond > 0
      ? `open loop at ${formatCount(config.ratePerSecond)} requests/s`
      : `closed loop, ${inFlightOf(config)}`
  const targets = config.targets.map(({ host, port }) => `${host}:${port}`).join(", ")
  return [
    `${config.suite}${config.cid ? " with connection ids" : ""}`,
    config.confirmable ? "CON" : "NON",
    loop,
    `${config.uplinkBytes} B`,
    targets,
    formatDuration(seconds)
  ].join(" · ")
}

const noticesOf = ({ limits, tool }: Report): Content => [
  tool.isBottleneck ? noticeOf("The tool was the bottleneck", tool.bottleneckReasons.join("; ")) : undefined,
  ...limits.broken.map((text) => noticeOf("Limit not kept", text))
]

const figuresOf = (report: Report): Markup => {
  const steady = report.phases.find(({ name }) => name === "steady")
  const connect = report.phases.find(({ name }) => name === "connect")
  const { errors } = report.totals
  return tilesOf([
    { value: formatCount(steady?.responsesPerSecond ?? 0), name: "verified responses/s" },
    { value: formatMillis(report.latency.p50), name: "p50" },
    { value: formatMillis(report.latency.p99), name: "p99" },
    { value: formatMillis(report.latency.p999), name: "p99.9" },
    { value: formatCount(errors), name: "errors", tone: errors > 0 ? "bad" : "good" },
    { value: formatCount(connect?.handshakesPerSecond ?? 0), name: "handshakes/s" },
    ...(report.servers.length > 0
      ? [
          { value: formatMicros(report.cpuMicrosPerRequest), name: "server CPU per request" },
          { value: formatMicros(report.cpuMicrosPerHandshake), name: "server CPU per handshake" }
        ]
      : [])
  ])
}

const plotsOf = ({ servers }: Report): Content => [
  plotOf("throughput", "Throughput"),
  plotOf("latency", "Latency over time"),
  plotOf("distribution", "Latency distribution, steady load"),
  plotOf("handshakes", "Handshakes"),
  plotOf("handshake-latency", "Handshake latency"),
  plotOf("cpu", servers.length > 0 ? "CPU, % of a core" : "CPU of the tool, % of a core"),
  servers.length > 0 ? plotOf("memory", "Memory") : undefined
]

const phasesOf = ({ phases }: Report): Markup =>
  tableOf({
    head: [
      "phase",
      "seconds",
      "handshakes",
      "resumed",
      "failed",
      "requests",
      "responses",
      "responses/s",
      "errors",
      "retransmissions",
      "p50",
      "p99",
      "max"
    ],
    rows: phases.map((phase) => [
      phase.name,
      phase.seconds.toFixed(1),
      formatCount(phase.fullHandshakes + phase.resumedHandshakes),
      formatCount(phase.resumedHandshakes),
      formatCount(phase.failedHandshakes),
      formatCount(phase.requests),
      formatCount(phase.responses),
      formatCount(phase.responsesPerSecond),
      formatCount(phase.errors),
      formatCount(phase.retransmissions),
      ...(["p50", "p99", "max"] as const).map((at) => formatMillis(latencyOfPhase(phase)[at]))
    ])
  })

/** Of what the phase is about. */
const latencyOfPhase = ({ handshakeLatency, latency }: Report["phases"][number]): Latency =>
  latency.count > 0 ? latency : handshakeLatency

const serversOf = ({ servers }: Report): Markup =>
  tableOf({
    head: ["process", "pid", "CPU under load", "CPU in handshakes", "memory before", "connected", "at the end"],
    rows: servers.map((server) => [
      server.name,
      server.pid,
      `${server.cpuSecondsDuringLoad.toFixed(2)} s`,
      `${server.cpuSecondsDuringHandshakes.toFixed(2)} s`,
      formatBytes(server.rssBytesBefore),
      formatBytes(server.rssBytesConnected),
      formatBytes(server.rssBytes)
    ])
  })

const errorsOf = ({ totals }: Report): string =>
  `${formatErrors(totals)}. ${formatCount(totals.retransmissions)} retransmissions, ${formatCount(totals.duplicates)} duplicates.`

const configurationOf = ({ config }: Report): Markup =>
  html`<details>
    <summary>as it was run</summary>
    <pre>${JSON.stringify(config, null, 2)}</pre>
  </details>`
