import { pskFromSecret } from "@roost/enos"
import { Cause, Effect, Exit } from "effect"
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { figuresOf, type Sample } from "./Figures.ts"
import { socketsPerProcessMax } from "./load/LoadGroup.ts"
import { thisMachine } from "./Machine.ts"
import { answerFirst } from "@roost/observability"
import { type BenchOptions, cores, readOptions, usage } from "./Options.ts"
import { Progress, type Task } from "./Progress.ts"
import { htmlOf } from "./report/Html.ts"
import { markdownOf } from "./report/Markdown.ts"
import type { Report } from "./report/Report.ts"
import { measureFlat, measureIdle, measureMemory, measureWakeUp } from "./Rows.ts"
import { measureRates } from "./Rates.ts"
import type { RunOptions } from "./RunOptions.ts"
import { measureTraffic } from "./Traffic.ts"
import type { Contestant } from "./servers/Contestant.ts"
import { contestants, ratesContestants, ratesOnly, roost } from "./servers/Contestants.ts"
import { roostOf } from "./servers/Roost.ts"
import { alternated } from "./Statistics.ts"

const peerKeys = contestants.map(({ key }) => key)

const main = async (): Promise<number> => {
  if (process.argv.includes("--version")) return answerFirst({ name: "npm run bench", usage: "" }) ?? 0
  const options = readOptions(process.argv.slice(2), peerKeys)
  if (typeof options === "string") {
    say(`bench: ${options}\n`)
    return 2
  }
  if (options.help) {
    process.stdout.write(usage(peerKeys))
    return 0
  }
  const socketsMax = socketsPerProcessMax()
  if (options.rows.includes("traffic") && options.devices > socketsMax) {
    const limit = `${options.devices} devices of traffic need as many open files; \`ulimit -n\` leaves ${socketsMax}`
    say(`bench: ${limit}. Raise it, or give --devices ${socketsMax}\n`)
    return 2
  }
  const startedAt = Date.now()
  const notes: Array<string> = []
  const taking = contestants
    .filter(({ key }) => options.peers.includes(key))
    .filter((contestant) => {
      const reason = contestant.prepare()
      if (reason !== undefined) notes.push(`${contestant.name}: ${reason}`)
      say(`${contestant.name}: ${reason ?? "ready"}\n`)
      return reason === undefined
    })
  const progress = new Progress(say)
  const jobs = jobsOf(taking, options, (text) => progress.step(text))
  progress.begin(jobs)
  const samples: Array<Sample> = []
  for (const job of jobs) {
    progress.next()
    const exit = await Effect.runPromiseExit(Effect.scoped(job.run))
    if (Exit.isSuccess(exit)) samples.push(...exit.value)
    else {
      const reason = Cause.pretty(exit.cause).split("\n")[0]!
      notes.push(`${job.title}: ${reason}`)
      progress.step(`failed: ${reason}`)
    }
  }
  const report: Report = {
    startedAt: new Date(startedAt).toISOString(),
    minutes: (Date.now() - startedAt) / 60_000,
    command: ["npm run bench --", ...process.argv.slice(2)].join(" "),
    machine: thisMachine(),
    rounds: options.rounds,
    seconds: options.seconds,
    devices: options.devices,
    underWay: options.underWay,
    servers: columnsOf(taking, options).map(({ key, name, warmUp }) => ({
      key,
      name,
      warmUp: `warmed up by ${warmUp.handshakeRounds} × ${options.devices} handshakes and ${warmUp.seconds} s of uplinks`
    })),
    notes,
    figures: figuresOf(samples)
  }
  write(report, options.out)
  return samples.length === 0 ? 1 : 0
}

interface Job extends Task {
  readonly run: ReturnType<typeof measureTraffic>
}

const severalActors = [2, 4].map(roostOf)

const columnsOf = (taking: ReadonlyArray<Contestant>, { rows }: BenchOptions): ReadonlyArray<Contestant> => [
  ...taking,
  ...(rows.includes("actors") && taking.includes(roost) ? severalActors : []),
  ...(rows.includes("rates") ? ratesOnly(taking) : [])
]

const jobsOf = (
  taking: ReadonlyArray<Contestant>,
  options: BenchOptions,
  step: RunOptions["step"]
): ReadonlyArray<Job> => {
  const { devices, flatDevices, idleDevices, memoryDevices, rates, rounds, rows, seconds, wakeUpDevices } = options
  const run = runOptions(options, step)
  const takes = (row: BenchOptions["rows"][number]) => rows.includes(row)
  const jobs: Array<Job> = []
  const trafficSeconds = ({ warmUp }: Contestant) =>
    trafficSecondsLeast + warmUp.seconds + 3 * seconds + (warmUp.handshakeRounds + 6) * (2 + devices / devicesPerSecond)
  for (let round = 0; round < rounds; round++) {
    for (const contestant of takes("traffic") ? alternated(taking, round) : []) {
      for (const suite of contestant.suites.filter((suite) => suite === "none" || options.suites.includes(suite))) {
        const title = `round ${round + 1} of ${rounds}: ${contestant.name}, ${suite}, ${devices} devices`
        const job = { title, seconds: trafficSeconds(contestant), run: measureTraffic(contestant, suite, run) }
        jobs.push(job)
      }
    }
  }
  for (let round = 0; round < rounds; round++) {
    for (const contestant of takes("rates") ? alternated(ratesContestants(taking), round) : []) {
      jobs.push({
        title: `round ${round + 1} of ${rounds}: ${contestant.name}, ${rates.join(", ")} uplinks/s`,
        seconds: trafficSecondsLeast + contestant.warmUp.seconds + rates.length * (2 + seconds),
        run: measureRates(contestant, rates, run)
      })
    }
  }
  for (const contestant of takes("flat") ? taking.filter(isFlatPeer) : []) {
    const most = Math.max(...flatDevices)
    jobs.push({
      title: `flat: ${contestant.name}, ${flatDevices.join(", ")} devices`,
      seconds: flatDevices.length * (5 + rounds * seconds) + connectSeconds(most),
      run: measureFlat(contestant, flatDevices, run)
    })
  }
  for (const sessions of takes("memory") ? memoryDevices : []) {
    for (const contestant of taking.filter(({ sessionsMax }) => sessionsMax >= sessions)) {
      jobs.push({
        title: `memory: ${contestant.name}, ${sessions} sessions`,
        seconds: connectSeconds(sessions),
        run: measureMemory(contestant, sessions, run)
      })
    }
  }
  if (!taking.includes(roost)) return jobs
  for (const contestant of takes("actors") ? severalActors : []) {
    jobs.push({
      title: `${contestant.name}, CCM_8`,
      seconds: trafficSeconds(contestant),
      run: measureTraffic(contestant, "CCM_8", run)
    })
  }
  if (takes("idle")) {
    jobs.push({
      title: `idle: Roost, ${idleDevices} devices`,
      seconds: connectSeconds(idleDevices) + 80,
      run: measureIdle(roost, idleDevices, run)
    })
  }
  if (takes("wakeup")) {
    jobs.push({
      title: `wake-up of ${wakeUpDevices} devices`,
      seconds: connectSeconds(wakeUpDevices),
      run: measureWakeUp(roost, wakeUpDevices, run)
    })
  }
  return jobs
}

/** Guesses for the time that is left; how fast the machine is shows after the first job. */
const devicesPerSecond = 2500
const trafficSecondsLeast = 15
const connectSeconds = (devices: number): number => 10 + devices / 2000

/** One to compare with is enough: this takes minutes. */
const isFlatPeer = ({ key }: Contestant): boolean => key === "californium" || key === "roost"

const runOptions = (
  { devices, quick, rounds, seconds, underWay }: BenchOptions,
  step: RunOptions["step"]
): RunOptions => {
  const { load, server } = cores()
  const secret = "EveryDevicesSecret00"
  return {
    place: { core: server, secret, psk: pskFromSecret(secret), productKey: "bench" },
    loadCore: load,
    devices,
    underWay,
    seconds,
    rounds,
    quick,
    step
  }
}

const write = (report: Report, folder: string): void => {
  mkdirSync(folder, { recursive: true })
  const markdown = markdownOf(report)
  writeFileSync(join(folder, "report.md"), markdown)
  writeFileSync(join(folder, "report.html"), htmlOf(report))
  writeFileSync(join(folder, "report.json"), JSON.stringify(report, undefined, 2))
  process.stdout.write(`\n${markdown}\n`)
  say(`written: ${join(folder, "report.html")}, report.md, report.json\n`)
}

/** Progress, so that standard output is the report and nothing else. */
const say = (text: string): void => void process.stderr.write(text)

process.exitCode = await main()
