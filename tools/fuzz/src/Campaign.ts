import { join } from "node:path"
import { Worker } from "node:worker_threads"
import { bundleTargets, type FuzzBundle } from "./FuzzBundle.ts"
import type { Finding } from "./Fuzzer.ts"
import { loadFuzzModule } from "./FuzzModule.ts"
import { type FuzzOrder, type FuzzReport, SharedInput } from "./FuzzOrder.ts"
import type { FuzzTarget } from "./FuzzTarget.ts"
import { readInputs } from "./InputFile.ts"

/** An input that is still being tried after so long hangs; its thread is ended. */
export const hangMillis = 60_000
/** Different findings after which a target is left alone. */
const findingsMax = 5
const lookMillis = 500

export interface Job {
  readonly project: string
  readonly target: string
  readonly bundle: FuzzBundle
}

export interface JobResult extends Omit<FuzzReport, "done"> {
  readonly job: Job
}

interface FuzzTargets {
  readonly fuzzTargets: ReadonlyArray<FuzzTarget>
}

export const corpusFile = (root: string, { project, target }: Pick<Job, "project" | "target">): string =>
  join(root, "libs", project, "fuzz/corpus", `${target}.hex`)

export const crashersFile = (root: string, { project, target }: Pick<Job, "project" | "target">): string =>
  join(root, "libs", project, "fuzz/crashers", `${target}.hex`)

/** Every target of the projects; `only` is a part of `project/target`. */
export const jobsOf = async (root: string, projects: ReadonlyArray<string>, only: string): Promise<Array<Job>> => {
  const jobs: Array<Job> = []
  for (const project of projects) {
    const { fuzzTargets } = await loadFuzzModule<FuzzTargets>(root, project, "FuzzTargets.ts")
    const chosen = fuzzTargets.filter(({ name }) => `${project}/${name}`.includes(only))
    if (chosen.length === 0) continue
    const bundle = await bundleTargets(root, project)
    jobs.push(...chosen.map(({ name }) => ({ project, target: name, bundle })))
  }
  return jobs
}

/** Tries one target for `millis` in a thread of its own, which is ended when one input does not come to its end. */
export const runJob = (
  root: string,
  job: Job,
  options: { readonly seed: number; readonly millis: number; readonly progress: (report: FuzzReport) => void }
): Promise<JobResult> => {
  const { bundle, target } = job
  const shared = new SharedInput()
  const order: FuzzOrder = {
    bundle: bundle.file,
    target,
    counters: bundle.counters,
    dictionary: bundle.dictionary,
    corpus: [...readInputs(corpusFile(root, job)), ...readInputs(crashersFile(root, job))],
    seed: options.seed,
    millis: options.millis,
    findingsMax,
    shared: shared.buffer
  }
  return new Promise((resolve) => {
    const worker = new Worker(join(import.meta.dirname, "FuzzWorker.ts"), {
      workerData: order,
      resourceLimits: { maxOldGenerationSizeMb: 1024 }
    })
    let last: FuzzReport = { done: false, runs: 0, places: 0, corpus: [], corpusSize: 0, findings: [] }
    let begun = shared.begun
    let since = performance.now()
    const timer = setInterval(() => {
      if (shared.begun !== begun) {
        begun = shared.begun
        since = performance.now()
      } else if (begun > 0 && performance.now() - since > hangMillis) {
        end({ reason: "hang", stack: `one input runs for more than ${hangMillis / 1000} s`, input: shared.read() })
      }
    }, lookMillis)
    const end = (finding?: Finding) => {
      clearInterval(timer)
      void worker.terminate()
      const findings = finding === undefined ? last.findings : [...last.findings, finding]
      resolve({ ...last, job, findings })
    }
    worker.on("message", (report: FuzzReport) => {
      last = report
      options.progress(report)
      if (report.done) end()
    })
    worker.on("error", (error) =>
      end({
        reason: "thread",
        stack: `the thread ended: ${error instanceof Error ? error.stack : String(error)}`,
        input: shared.read()
      })
    )
  })
}
