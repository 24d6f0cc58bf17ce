import { html, type Markup, pageOf, sectionOf, tableOf, tilesOf } from "@roost/tool-report"
import { readFileSync } from "node:fs"
import type { Report } from "./Report.ts"

/** Faults, throughput and the wait of every device on one axis of time; then what each fault cost, and the checks. */
export const htmlOf = (report: Report): string =>
  pageOf({
    title: `Chaos: ${report.passed ? "nothing violated" : "violated"}`,
    lead: html`<p>${aboutOf(report)}</p>`,
    body: [
      figuresOf(report),
      sectionOf("Faults", canvasOf("faults")),
      sectionOf(["Answers per second ", dim("shaded: a fault")], html`<div id="rate"></div>`),
      sectionOf(
        ["How long each device waits for an answer ", html`<span class="dim" id="key"></span>`],
        [canvasOf("waits"), html`<div id="over" class="dim">Point at a time.</div>`]
      ),
      sectionOf("What each fault cost", costOf(report)),
      sectionOf("Checks", checksOf(report)),
      report.verdict.findings.length > 0 ? sectionOf("Findings", findingsOf(report)) : undefined,
      sectionOf("Again", html`<code>${report.command}</code>`)
    ],
    style: readFileSync(new URL("page.css", import.meta.url), "utf8"),
    drawing: { report, script: readFileSync(new URL("page.js", import.meta.url), "utf8") }
  })

const aboutOf = ({ config, millis, startedAt }: Report): string =>
  [
    `seed ${config.seed}`,
    `${config.devices} devices`,
    `${config.actors} session-actors, ${config.edges} udp-edge, ${config.downlinks} downlink-queue, ${config.registries} registry, ${config.natsServers} nats-server`,
    `${startedAt.slice(0, 16).replace("T", " ")} UTC`,
    seconds(millis)
  ].join(" · ")

const figuresOf = ({ faults, passed, verdict }: Report): Markup => {
  const { commandsIssued, counts, recordsSeen, silences, uplinksAcknowledged } = verdict
  const violations = Object.values(counts).reduce((sum, count) => sum + count, 0)
  return tilesOf([
    { value: violations, name: "violations", tone: passed ? "good" : "bad" },
    { value: count(uplinksAcknowledged), name: "uplinks acknowledged" },
    { value: count(commandsIssued), name: "commands" },
    { value: count(recordsSeen), name: "records seen" },
    { value: counts.handshake, name: "handshakes again", tone: toneOf(counts.handshake) },
    { value: faults.length, name: "faults" },
    { value: seconds(silences.longestMillis), name: "longest wait of a device" }
  ])
}

const costOf = ({ verdict }: Report): Markup =>
  tableOf({
    of: "text",
    head: ["fault", "target", "at", "lasted", "requests delayed", "service silent", "device waited"],
    rows: verdict.silences.faults.map((fault) => [
      fault.kind,
      fault.target,
      seconds(fault.atMillis),
      seconds(fault.causeMillis),
      fault.exchangesDelayed,
      seconds(fault.serviceMillis),
      seconds(fault.deviceMillis)
    ])
  })

const checksOf = ({ verdict }: Report): Markup =>
  tableOf({
    of: "text",
    rows: Object.entries(verdict.counts).map(([kind, count]) => [
      kind,
      html`<span class="${toneOf(count)}">${count}</span>`
    ])
  })

const findingsOf = ({ startedAt, verdict }: Report): Markup =>
  tableOf({
    of: "text",
    head: ["at", "what", "device", "detail"],
    rows: verdict.findings.map(({ at, detail, deviceKey, kind }) => [
      seconds(at - Date.parse(startedAt)),
      kind,
      deviceKey,
      detail
    ])
  })

const canvasOf = (id: string): Markup => html`<canvas id="${id}"></canvas>`
const dim = (text: string): Markup => html`<span class="dim">${text}</span>`
const toneOf = (count: number) => (count === 0 ? "good" : "bad")
const count = (number: number): string => number.toLocaleString("en")
const seconds = (millis: number | null): string =>
  millis !== null && Number.isFinite(millis) ? `${(millis / 1000).toFixed(1)} s` : "–"
