import type { Phase, Report } from "../Report.ts"
import { formatBytes, formatCount, formatDuration, formatErrors, formatMicros, formatPercentiles } from "./Format.ts"
import { adviceOf } from "./Advice.ts"

/** The summary for a person at the end of a run. */
export const summaryOf = (report: Report): string => {
  const { config, latency, limits, servers, tool, totals } = report
  const lines = [
    "",
    `${formatCount(config.devices)} devices, ${config.suite}${config.cid ? " with connection ids" : ""}, ${loopOf(report)}, ${formatDuration(report.seconds)}`,
    "",
    ...report.phases.filter(({ seconds }) => seconds > 0).map(phaseLine),
    "",
    `latency          ${formatPercentiles(latency)}`,
    `handshakes       ${formatPercentiles(report.handshakeLatency)}`,
    `errors           ${formatErrors(totals)}`,
    ...adviceOf(report).map((text) => `  ${text}`),
    `retransmissions  ${formatCount(totals.retransmissions)}, duplicates ${formatCount(totals.duplicates)}${faultsOf(report)}`,
    ...(totals.commandsFetched > 0
      ? [
          `commands         ${formatCount(totals.commandsFetched)} fetched, ${formatCount(totals.commandsReplied)} replied`
        ]
      : []),
    ...(servers.length > 0
      ? [
          `server cpu       ${formatMicros(report.cpuMicrosPerRequest)} a request, ${formatMicros(report.cpuMicrosPerHandshake)} a handshake`,
          ...servers.map(
            ({ cpuSecondsDuringLoad, name, rssBytes, rssBytesBefore, rssBytesConnected }) =>
              `  ${name.padEnd(15)}${cpuSecondsDuringLoad.toFixed(2)} s under load, memory ${formatBytes(rssBytesBefore)} → ${formatBytes(rssBytesConnected)} connected → ${formatBytes(rssBytes)}`
          )
        ]
      : []),
    `tool             ${formatMicros(tool.cpuMicrosPerRequest)} a request, ${tool.processes} ${tool.processes === 1 ? "process" : "processes"}, ${formatBytes(tool.rssBytes)}`,
    ...(tool.isBottleneck ? ["", `THE TOOL WAS THE BOTTLENECK: ${tool.bottleneckReasons.join("; ")}`] : []),
    ...(limits.kept ? [] : ["", ...limits.broken.map((text) => `LIMIT NOT KEPT: ${text}`)])
  ]
  return lines.join("\n")
}

const loopOf = ({ config }: Report): string =>
  config.ratePerSecond > 0
    ? `open loop at ${formatCount(config.ratePerSecond)}/s`
    : `closed loop, ${inFlightOf(config)}${config.thinkMillis > 0 ? `, ${config.thinkMillis} ms think time` : ""}`

export const inFlightOf = ({ requestsInFlight }: Report["config"]): string =>
  requestsInFlight === 0 ? "one request per device" : `${requestsInFlight} requests on the way`

const phaseLine = (phase: Phase): string => {
  const handshakes = phase.fullHandshakes + phase.resumedHandshakes
  const parts = [
    ...(handshakes > 0
      ? [
          `${formatCount(handshakes)} handshakes (${formatCount(phase.handshakesPerSecond)}/s, ${formatCount(phase.resumedHandshakes)} resumed)`
        ]
      : []),
    ...(phase.failedHandshakes > 0 ? [`${formatCount(phase.failedHandshakes)} failed`] : []),
    ...(phase.requests > 0
      ? [`${formatCount(phase.responses)} responses (${formatCount(phase.responsesPerSecond)}/s)`]
      : []),
    // A storm's latency is in no other line.
    ...(phase.name === "storm" && phase.latency.count > 0 ? [formatPercentiles(phase.latency)] : []),
    ...(phase.errors > 0 ? [`${formatCount(phase.errors)} errors`] : [])
  ]
  return `${phase.name.padEnd(10)}${phase.seconds.toFixed(1).padStart(6)} s  ${parts.join(", ")}`
}

const faultsOf = ({ totals }: Report): string =>
  totals.datagramsLostOnPurpose + totals.datagramsReorderedOnPurpose === 0
    ? ""
    : `; on purpose ${formatCount(totals.datagramsLostOnPurpose)} datagrams lost, ${formatCount(totals.datagramsReorderedOnPurpose)} reordered`
