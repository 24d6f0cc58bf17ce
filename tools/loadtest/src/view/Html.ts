import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import type { Latency, Report } from "../Report.ts"
import { adviceOf } from "./Advice.ts"
import { formatBytes, formatCount, formatDuration, formatErrors, formatMicros, formatMillis } from "./Format.ts"
import { inFlightOf } from "./Summary.ts"

/** The whole report as one page: no file and no network beside it. Plots by uPlot, which is inlined. */
export const htmlOf = (report: Report): string => {
  const { config, limits, tool } = report
  const title = `${formatCount(config.devices)} devices, ${report.startedAt.slice(0, 16).replace("T", " ")}`
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Load test: ${escape(title)}</title>
<style>${read("uplot/dist/uPlot.min.css")}${read("./page.css")}</style>
</head>
<body>
<h1>Load test: ${escape(title)}</h1>
<p>${escape(subtitleOf(report))}</p>
${tool.isBottleneck ? `<p class="notice"><b>The tool was the bottleneck:</b> ${escape(tool.bottleneckReasons.join("; "))}</p>` : ""}
${limits.broken.map((text) => `<p class="notice"><b>Limit not kept:</b> ${escape(text)}</p>`).join("")}
<div class="tiles">${tilesOf(report)}</div>
<div class="plots">
${plot("throughput", "Throughput")}
${plot("latency", "Latency over time")}
${plot("distribution", "Latency distribution, steady load")}
${plot("handshakes", "Handshakes")}
${plot("handshake-latency", "Handshake latency")}
${report.servers.length > 0 ? plot("cpu", "CPU, % of a core") + plot("memory", "Memory") : plot("cpu", "CPU of the tool, % of a core")}
</div>
<h2>Phases</h2>
${phasesOf(report)}
${report.servers.length > 0 ? `<h2>Server processes</h2>${serversOf(report)}` : ""}
<h2>Errors</h2>
<p>${escape(formatErrors(report.totals))}. ${formatCount(report.totals.retransmissions)} retransmissions, ${formatCount(report.totals.duplicates)} duplicates.</p>
${listOf(adviceOf(report))}
<h2>Configuration</h2>
<details><summary>as it was run</summary><pre>${escape(JSON.stringify(config, null, 2))}</pre></details>
<script id="report" type="application/json">${JSON.stringify(report).replaceAll("<", "\\u003c")}</script>
<script>${read("uplot/dist/uPlot.iife.min.js")}</script>
<script>${read("./page.js")}</script>
</body>
</html>
`
}

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

const tilesOf = (report: Report): string => {
  const steady = report.phases.find(({ name }) => name === "steady")
  const connect = report.phases.find(({ name }) => name === "connect")
  const tile = (value: string, name: string, tone = "") =>
    `<div class="tile"><b class="${tone}">${value}</b><span>${name}</span></div>`
  return [
    tile(formatCount(steady?.responsesPerSecond ?? 0), "verified responses/s"),
    tile(formatMillis(report.latency.p50), "p50"),
    tile(formatMillis(report.latency.p99), "p99"),
    tile(formatMillis(report.latency.p999), "p99.9"),
    tile(formatCount(report.totals.errors), "errors", report.totals.errors > 0 ? "bad" : "good"),
    tile(formatCount(connect?.handshakesPerSecond ?? 0), "handshakes/s"),
    ...(report.servers.length > 0
      ? [
          tile(formatMicros(report.cpuMicrosPerRequest), "server CPU per request"),
          tile(formatMicros(report.cpuMicrosPerHandshake), "server CPU per handshake")
        ]
      : [])
  ].join("")
}

const phasesOf = ({ phases }: Report): string =>
  table(
    [
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
    phases.map((phase) => [
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
  )

/** Of what the phase is about. */
const latencyOfPhase = ({ handshakeLatency, latency }: Report["phases"][number]): Latency =>
  latency.count > 0 ? latency : handshakeLatency

const serversOf = ({ servers }: Report): string =>
  table(
    ["process", "pid", "CPU under load", "CPU in handshakes", "memory before", "connected", "at the end"],
    servers.map((server) => [
      escape(server.name),
      String(server.pid),
      `${server.cpuSecondsDuringLoad.toFixed(2)} s`,
      `${server.cpuSecondsDuringHandshakes.toFixed(2)} s`,
      formatBytes(server.rssBytesBefore),
      formatBytes(server.rssBytesConnected),
      formatBytes(server.rssBytes)
    ])
  )

const table = (head: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>): string => {
  const cells = (tag: string, row: ReadonlyArray<string>) =>
    `<tr>${row.map((cell) => `<${tag}>${cell}</${tag}>`).join("")}</tr>`
  return `<table>${cells("th", head)}${rows.map((row) => cells("td", row)).join("")}</table>`
}

const listOf = (texts: ReadonlyArray<string>): string =>
  texts.length === 0 ? "" : `<ul>${texts.map((text) => `<li>${escape(text)}</li>`).join("")}</ul>`

const plot = (id: string, title: string): string => `<section><h2>${title}</h2><div id="${id}"></div></section>`

/** `&`, `<` and quotes: what comes from templates and names is text. */
const escape = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;")

const read = (name: string): string => readFileSync(fileURLToPath(import.meta.resolve(name)), "utf8")
