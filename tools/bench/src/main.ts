import { pskFromSecret } from "@roost/enos"
import { Cause, Effect, Exit } from "effect"
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { figuresOf, type Sample } from "./Figures.ts"
import { thisMachine } from "./Machine.ts"
import { type BenchOptions, cores, readOptions, usage } from "./Options.ts"
import { htmlOf } from "./report/Html.ts"
import { markdownOf } from "./report/Markdown.ts"
import type { Report } from "./report/Report.ts"
import { measureIdle, measureMemory, measureTraffic, measureWakeUp, type RunOptions } from "./Rows.ts"
import type { Contestant } from "./servers/Contestant.ts"
import { contestants, roost } from "./servers/Contestants.ts"
import { roostOf } from "./servers/Roost.ts"
import { alternated } from "./Statistics.ts"

const peerKeys = contestants.map(({ key }) => key)

const main = async (): Promise<number> => {
  const options = readOptions(process.argv.slice(2), peerKeys)
  if (typeof options === "string") {
    say(`bench: ${options}\n`)
    return 2
  }
  if (options.help) {
    process.stdout.write(usage(peerKeys))
    return 0
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
  const jobs = jobsOf(taking, options)
  const samples: Array<Sample> = []
  for (const [index, job] of jobs.entries()) {
    const minutes = (Date.now() - startedAt) / 60_000
    const left = index === 0 ? "" : `, ${((minutes / index) * (jobs.length - index)).toFixed(1)} min left`
    say(`[${index + 1}/${jobs.length}${left}] ${job.title}\n`)
    const exit = await Effect.runPromiseExit(Effect.scoped(job.run))
    if (Exit.isSuccess(exit)) samples.push(...exit.value)
    else {
      const reason = Cause.pretty(exit.cause).split("\n")[0]!
      notes.push(`${job.title}: ${reason}`)
      say(`  failed: ${reason}\n`)
    }
  }
  const report: Report = {
    startedAt: new Date(startedAt).toISOString(),
    minutes: (Date.now() - startedAt) / 60_000,
    command: ["npm run bench --", ...process.argv.slice(2)].join(" "),
    machine: thisMachine(),
    rounds: options.rounds,
    seconds: options.seconds,
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

interface Job {
  readonly title: string
  readonly run: ReturnType<typeof measureTraffic>
}

const severalActors = [2, 4].map(roostOf)

const columnsOf = (taking: ReadonlyArray<Contestant>, { rows }: BenchOptions): ReadonlyArray<Contestant> =>
  rows.includes("actors") && taking.includes(roost) ? [...taking, ...severalActors] : taking

const jobsOf = (taking: ReadonlyArray<Contestant>, options: BenchOptions): ReadonlyArray<Job> => {
  const { devices, idleDevices, memoryDevices, rounds, rows, wakeUpDevices } = options
  const run = runOptions(options)
  const takes = (row: BenchOptions["rows"][number]) => rows.includes(row)
  const jobs: Array<Job> = []
  for (let round = 0; round < rounds; round++) {
    for (const contestant of takes("traffic") ? alternated(taking, round) : []) {
      for (const suite of options.quick ? contestant.suites.slice(0, 1) : contestant.suites) {
        const title = `round ${round + 1}: ${contestant.name}, ${suite}, ${devices} devices`
        jobs.push({ title, run: measureTraffic(contestant, suite, run) })
      }
    }
  }
  for (const sessions of takes("memory") ? memoryDevices : []) {
    for (const contestant of taking.filter(({ sessionsMax }) => sessionsMax >= sessions)) {
      jobs.push({
        title: `memory: ${contestant.name}, ${sessions} sessions`,
        run: measureMemory(contestant, sessions, run)
      })
    }
  }
  if (!taking.includes(roost)) return jobs
  for (const contestant of takes("actors") ? severalActors : []) {
    jobs.push({ title: `${contestant.name}, CCM_8`, run: measureTraffic(contestant, "CCM_8", run) })
  }
  if (takes("idle")) jobs.push({ title: `idle: ${idleDevices} devices`, run: measureIdle(roost, idleDevices, run) })
  if (takes("wakeup")) {
    jobs.push({ title: `wake-up of ${wakeUpDevices} devices`, run: measureWakeUp(roost, wakeUpDevices, run) })
  }
  return jobs
}

const runOptions = ({ devices, quick, seconds, underWay }: BenchOptions): RunOptions => {
  const { load, server } = cores()
  const secret = "EveryDevicesSecret00"
  return {
    place: { core: server, secret, psk: pskFromSecret(secret), productKey: "bench" },
    loadCore: load,
    devices,
    underWay,
    seconds,
    quick
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
