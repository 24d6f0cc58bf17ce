import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { version } from "@roost/observability"
import { Console, Effect } from "effect"
import { Command, Flag } from "effect/cli"
import { randomInt } from "node:crypto"
import { availableParallelism } from "node:os"
import { corpusFile, crashersFile, type Job, type JobResult, jobsOf, runJob } from "./Campaign.ts"
import { fuzzProjects } from "./FuzzBundle.ts"
import { repositoryRoot } from "./FuzzModule.ts"
import { inputText, readInputs, writeInputs } from "./InputFile.ts"
import { sequences } from "./SequenceCommand.ts"

const fuzz = Command.make(
  "fuzz",
  {
    project: Flag.String("project").pipe(
      Flag.withDescription("only this lib, by the name of its folder"),
      Flag.withDefault("")
    ),
    target: Flag.String("target").pipe(
      Flag.withDescription("only targets whose project/name has this in it"),
      Flag.withDefault("")
    ),
    seconds: Flag.Int("seconds").pipe(Flag.withDescription("time for each target"), Flag.withDefault(10)),
    minutes: Flag.Int("minutes").pipe(
      Flag.withDescription("time for all targets together, instead of --seconds"),
      Flag.withDefault(0)
    ),
    seed: Flag.Int("seed").pipe(
      Flag.withDescription("of the random choices; 0 takes a new one each time"),
      Flag.withDefault(0)
    ),
    jobs: Flag.Int("jobs").pipe(
      Flag.withDescription("targets that are tried at once"),
      Flag.withDefault(Math.max(1, availableParallelism()))
    ),
    save: Flag.Boolean("save").pipe(
      Flag.withDescription("write what reached something new into the corpus of the repository"),
      Flag.withDefault(false)
    )
  },
  Effect.fnUntraced(function* ({ jobs: atOnce, minutes, project, save, seconds, seed: given, target }) {
    const seed = given === 0 ? randomInt(1, 2 ** 31) : given
    const projects = fuzzProjects(repositoryRoot).filter((name) => project === "" || name === project)
    const jobs = yield* Effect.promise(() => jobsOf(repositoryRoot, projects, target))
    if (jobs.length === 0) {
      yield* Console.error(
        `no target fits --project ${JSON.stringify(project)} --target ${JSON.stringify(target)}; ` +
          `there are projects ${fuzzProjects(repositoryRoot).join(", ")}`
      )
      process.exitCode = 2
      return
    }
    const millis = minutes > 0 ? (minutes * 60_000 * Math.min(atOnce, jobs.length)) / jobs.length : seconds * 1_000
    yield* Console.log(
      `${jobs.length} targets, ${(millis / 1000).toFixed(0)} s each, ${atOnce} at once, seed ${seed} (--seed ${seed} tries the same again)`
    )
    const results = yield* Effect.forEach(jobs, (job) => Effect.promise(() => play(job, { seed, millis, save })), {
      concurrency: atOnce
    })
    yield* Effect.promise(() =>
      Promise.all([...new Set(jobs.map(({ bundle }) => bundle))].map(({ remove }) => remove()))
    )
    const runs = results.reduce((sum, result) => sum + result.runs, 0)
    const findings = results.flatMap((result) => result.findings)
    yield* Console.log(`${runs.toLocaleString("en")} inputs, ${findings.length} findings`)
    if (findings.length > 0) process.exitCode = 1
  })
).pipe(
  Command.withDescription(
    "Coverage-guided fuzzing of every parser that bytes from outside reach. Findings are kept in libs/*/fuzz/crashers and " +
      "are tests from then on; exit code 1 if there is one."
  ),
  Command.withExamples([
    { command: "npm run fuzz -- --minutes 60", description: "A campaign over all targets" },
    { command: "npm run fuzz -- --target coap/message --seconds 60", description: "One target" },
    {
      command: "npm run fuzz -- sequences --count 100000",
      description: "Sequences of datagrams against the DTLS server"
    }
  ])
)

const progressMillis = 10_000

const play = async (
  job: Job,
  options: { readonly seed: number; readonly millis: number; readonly save: boolean }
): Promise<JobResult> => {
  const name = `${job.project}/${job.target}`
  let next = performance.now() + progressMillis
  const result = await runJob(repositoryRoot, job, {
    seed: options.seed,
    millis: options.millis,
    progress: ({ corpusSize, places, runs }) => {
      if (performance.now() < next) return
      next = performance.now() + progressMillis
      say(`  ${name}: ${runs.toLocaleString("en")} inputs, ${places} places, ${corpusSize} in the corpus`)
    }
  })
  const rate = Math.round(result.runs / (options.millis / 1000)).toLocaleString("en")
  say(
    `${result.findings.length === 0 ? "✓" : "✗"} ${name}: ${result.runs.toLocaleString("en")} inputs (${rate}/s), ` +
      `${result.places} of ${job.bundle.counters} places, ${result.corpusSize} in the corpus`
  )
  for (const { input, stack } of result.findings) say(`  ${inputText(input).slice(0, 400)}\n  ${stack}`)
  if (result.findings.length > 0) {
    const file = crashersFile(repositoryRoot, job)
    writeInputs(file, distinct([...readInputs(file), ...result.findings.map(({ input }) => input)]))
    say(`  kept in ${file}`)
  }
  if (options.save) writeInputs(corpusFile(repositoryRoot, job), smallest(result.corpus))
  return result
}

/** The repository keeps short inputs: what a long one reaches, some short ones reach together. */
const savedBytesMax = 512
const savedMax = 300

const smallest = (inputs: ReadonlyArray<Uint8Array>): ReadonlyArray<Uint8Array> =>
  distinct(inputs.filter(({ length }) => length <= savedBytesMax).toSorted((a, b) => a.length - b.length)).slice(
    0,
    savedMax
  )

const distinct = (inputs: ReadonlyArray<Uint8Array>): ReadonlyArray<Uint8Array> => [
  ...new Map(inputs.map((input) => [inputText(input), input])).values()
]

const say = (line: string): void => void process.stdout.write(`${line}\n`)

Command.run(fuzz.pipe(Command.withSubcommands([sequences])), { version }).pipe(
  Effect.provide(NodeServices.layer),
  NodeRuntime.runMain
)
