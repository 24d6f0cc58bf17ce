import type { Phase, Report } from "../Report.ts"
import { formatBytes, formatCount, formatDuration, formatErrors, formatMicros, formatPercentiles } from "./Format.ts"

/** What a person reads at the end of a run. */
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
    `tool             ${formatMicros(tool.cpuMicrosPerRequest)} a request, ${tool.processes} processes, ${formatBytes(tool.rssBytes)}`,
    ...(tool.isBottleneck ? ["", `THE TOOL WAS THE BOTTLENECK: ${tool.bottleneckReasons.join("; ")}`] : []),
    ...(limits.kept ? [] : ["", ...limits.broken.map((text) => `LIMIT NOT KEPT: ${text}`)])
  ]
  return lines.join("\n")
}

const loopOf = ({ config }: Report): string =>
  config.ratePerSecond > 0
    ? `open loop at ${formatCount(config.ratePerSecond)}/s`
    : `closed loop${config.thinkMillis > 0 ? `, ${config.thinkMillis} ms think time` : ""}`

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
    ...(phase.errors > 0 ? [`${formatCount(phase.errors)} errors`] : [])
  ]
  return `${phase.name.padEnd(10)}${phase.seconds.toFixed(1).padStart(6)} s  ${parts.join(", ")}`
}

const faultsOf = ({ totals }: Report): string =>
  totals.datagramsLostOnPurpose + totals.datagramsReorderedOnPurpose === 0
    ? ""
    : `; on purpose ${formatCount(totals.datagramsLostOnPurpose)} datagrams lost, ${formatCount(totals.datagramsReorderedOnPurpose)} reordered`
