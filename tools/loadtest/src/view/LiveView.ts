import { LiveBlock, type Screen } from "@roost/tool-report"
import { styleText } from "node:util"
import type { Counts, Sample } from "../Report.ts"
import type { Progress } from "../run/runLoad.ts"
import { formatBytes, formatCount, formatDuration, formatErrors, formatMillis, formatPercentiles } from "./Format.ts"

export interface View {
  readonly sample: Sample
  readonly totals: Counts
  readonly progress: Progress
  readonly devices: number
  readonly serverNames: ReadonlyArray<string>
}

/** A block of lines that is drawn over itself once a second; one plain line a second where that cannot be. */
export class LiveView {
  readonly #block: LiveBlock

  constructor(screen: Screen) {
    this.#block = new LiveBlock(screen)
  }

  show(view: View): void {
    if (this.#block.isLive) this.#block.draw(blockOf(view, this.#block.columns))
    else this.#block.say(plainLine(view))
  }

  /** A line that stays, above what is drawn next. */
  say(text: string): void {
    this.#block.say(text)
  }
}

/** For logs: what would be read off a screen, in one line with fixed names. */
export const plainLine = ({ devices, progress, sample, totals }: View): string => {
  const perSecond = (count: number) => Math.round(count / sample.seconds)
  return [
    `${sample.atSeconds.toFixed(0)}s`,
    sample.phase,
    `online=${sample.online}/${devices}`,
    `handshakes/s=${perSecond(sample.handshakes)}`,
    `requests/s=${perSecond(sample.requests)}`,
    `responses/s=${perSecond(sample.responses)}`,
    `p50=${formatMillis(sample.latency.p50)}`,
    `p99=${formatMillis(sample.latency.p99)}`,
    `errors=${totals.errors}`,
    `retransmissions=${totals.retransmissions}`,
    `left=${formatDuration(progress.secondsLeft)}`
  ].join(" ")
}

const blockOf = ({ devices, progress, sample, serverNames, totals }: View, columns: number): ReadonlyArray<string> => {
  const perSecond = (count: number) => formatCount(count / sample.seconds).padStart(8)
  const head = (text: string) => styleText("bold", text)
  const dim = (text: string) => styleText("dim", text)
  const servers = serverNames.map(
    (name, i) => `${name} ${percent(sample.serverCpu[i] ?? 0)} ${formatBytes(sample.serverRssBytes[i] ?? 0)}`
  )
  const time = `${formatDuration(sample.atSeconds)}, ${formatDuration(progress.secondsLeft)} left`
  const errors = `${formatErrors(totals)}, ${formatCount(totals.retransmissions)} retransmissions`
  return [
    `${head(label(sample.phase))}${bar(progress)}  ${time}`,
    `${dim(label("devices"))}${formatCount(sample.online)} of ${formatCount(devices)} online, ${formatCount(sample.inFlight)} exchanges on their way`,
    `${dim(label("handshakes"))}${perSecond(sample.handshakes)}/s   ${formatPercentiles(sample.handshakeLatency)}`,
    `${dim(label("requests"))}${perSecond(sample.requests)}/s   ${perSecond(sample.responses)}/s verified`,
    `${dim(label("latency"))}${formatPercentiles(sample.latency)}`,
    `${dim(label("errors"))}${totals.errors > 0 ? styleText("red", errors) : errors}`,
    ...filled([`loadtest ${percent(sample.toolCpu)}`, ...servers], columns - label("").length).map(
      (line, i) => `${dim(label(i === 0 ? "cpu" : ""))}${line}`
    )
  ]
}

/** As many of `items` on a line as fit. */
const filled = (items: ReadonlyArray<string>, columns: number): ReadonlyArray<string> => {
  const lines: Array<string> = []
  for (const item of items) {
    const longer = `${lines.at(-1) ?? ""}   ${item}`
    if (lines.length > 0 && longer.length <= columns) lines[lines.length - 1] = longer
    else lines.push(item)
  }
  return lines
}

const label = (text: string): string => text.padEnd(12)

/** How far this phase is, as far as that is known. */
const bar = ({ phaseSeconds, secondsLeft }: Progress): string => {
  const share = secondsLeft + phaseSeconds === 0 ? 1 : phaseSeconds / (phaseSeconds + secondsLeft)
  const full = Math.round(barWidth * share)
  return "█".repeat(full) + "░".repeat(barWidth - full)
}

const percent = (cores: number): string => `${Math.round(cores * 100)} %`

const barWidth = 24
