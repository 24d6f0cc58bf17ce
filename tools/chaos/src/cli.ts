import { writeFileSync } from "node:fs"
import { allGentle, faultTypes, nameOfType, selectFaults } from "./faults/FaultType.ts"
import { Stage } from "./faults/Stage.ts"
import { LiveView } from "./report/LiveView.ts"
import { reportOf } from "./report/Report.ts"
import { summaryOf } from "./report/summary.ts"
import { htmlOf } from "./report/Html.ts"
import type { Recorder } from "./record/Recorder.ts"
import { runChaos } from "./runChaos.ts"

export interface ChaosOptions {
  readonly seed: number
  readonly seconds: number
  readonly devices: number
  readonly only: string
  readonly think: number
  readonly commands: number
  readonly actors: number
  readonly edges: number
  readonly downlinks: number
  readonly registries: number
  readonly nats: number
  readonly list: boolean
  readonly json: string | undefined
  readonly recording: string | undefined
  readonly html: string | undefined
  readonly quiet: boolean
}

export interface Outcome {
  readonly exitCode: 0 | 1 | 2
  readonly complaint?: string
}

/** The whole program, from options to exit code. */
export const chaos = async (options: ChaosOptions, signal: AbortSignal): Promise<Outcome> => {
  if (options.list) {
    console.log(listOfFaults())
    return { exitCode: 0 }
  }
  const words = options.only.split(",").filter((word) => word !== "")
  const selected = options.only === "none" ? [] : selectFaults(words)
  if ("unknown" in selected) return { exitCode: 2, complaint: `--only ${selected.unknown}: no such fault; see --list` }
  const view = new LiveView(options.quiet ? { write: () => undefined } : process.stderr)
  const lacking = selected.filter((type) => Stage.lacks(type) !== undefined)
  if (lacking.length > 0 && words.length > 0) {
    return { exitCode: 2, complaint: `${nameOfType(lacking[0]!)}: ${Stage.lacks(lacking[0]!)}` }
  }
  for (const type of lacking) view.say(`left out ${nameOfType(type)}: ${Stage.lacks(type)}`)
  const types = selected.filter((type) => !lacking.includes(type))
  let watched: Recorder | undefined
  const timer = setInterval(() => watched !== undefined && view.tick(watched), 1_000)
  try {
    const { actors, devices, downlinks, edges, registries, seconds: faultSeconds, seed } = options
    view.say(`seed ${seed}`)
    const run = await runChaos(
      {
        seed,
        devices,
        faultSeconds,
        types,
        thinkMillis: options.think * 1000,
        commandsPerSecond: options.commands,
        actors,
        edges,
        downlinks,
        registries,
        natsServers: options.nats
      },
      signal,
      {
        phase: ({ phase, recorder }) => {
          watched = phase === "start" || phase === "reading" ? undefined : recorder
          view.say(phase)
        },
        note: (text) => view.say(text),
        fault: ({ kind, target }, state) => view.say(`${kind} ${target} ${state}`)
      }
    )
    const report = reportOf(run, commandOf(options))
    console.log(summaryOf(report))
    if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(report, null, 2)}\n`)
    if (options.recording !== undefined) writeFileSync(options.recording, JSON.stringify(run.recording))
    if (options.html !== undefined) writeFileSync(options.html, htmlOf(report))
    return { exitCode: report.passed ? 0 : 1 }
  } catch (error) {
    return { exitCode: 2, complaint: error instanceof Error ? error.message : String(error) }
  } finally {
    clearInterval(timer)
  }
}

const commandOf = ({
  actors,
  commands,
  devices,
  downlinks,
  edges,
  nats,
  only,
  registries,
  seconds,
  seed,
  think
}: ChaosOptions): string =>
  `npm run chaos -- --seed ${seed} --seconds ${seconds} --devices ${devices} --think ${think} --commands ${commands} ` +
  `--actors ${actors} --edges ${edges} --downlinks ${downlinks} --registries ${registries} --nats ${nats}${only === "" ? "" : ` --only ${only}`}`

const listOfFaults = (): string => {
  const width = Math.max(...faultTypes.map((type) => nameOfType(type).length))
  const lines = faultTypes.map((type) => {
    const note = allGentle([type]) ? "; no response but 2.04 is allowed" : ""
    return `${nameOfType(type).padEnd(width)}  ${type.description}${note}`
  })
  return [
    ...lines,
    "",
    "Not among them: cuts between NATS servers and packet filters, which take network namespaces and privileges;",
    "an app is cut off from NATS by a relay of the tool's own, in every direction at once."
  ].join("\n")
}
