import { pathToFileURL } from "node:url"
import { parentPort, workerData } from "node:worker_threads"
import { Coverage } from "./Coverage.ts"
import type { FuzzTarget } from "./FuzzTarget.ts"
import { Fuzzer } from "./Fuzzer.ts"
import { countersName } from "./Instrument.ts"
import { type FuzzOrder, type FuzzReport, SharedInput } from "./FuzzOrder.ts"

/** Runs between two looks at the clock. */
const runsPerLook = 256
/** Milliseconds between two reports. */
const reportMillis = 500

const order = workerData as FuzzOrder
const coverage = new Coverage(order.counters)
;(globalThis as Record<string, unknown>)[countersName] = coverage.counters
const { fuzzTargets } = (await import(pathToFileURL(order.bundle).href)) as {
  readonly fuzzTargets: ReadonlyArray<FuzzTarget>
}
const target = fuzzTargets.find(({ name }) => name === order.target)!
const now = () => performance.now()
/** Of this thread's own work: on a busy machine it may stand for seconds behind others, in the middle of any input. */
const workedMillis = () => {
  const { system, user } = process.threadCpuUsage()
  return (user + system) / 1000
}
const { dictionary, seed } = order
const fuzzer = new Fuzzer({ target, coverage, dictionary, seed, now: workedMillis })
const shared = new SharedInput(order.shared)
fuzzer.begin(order.corpus)
const send = (done: boolean): void => {
  const report: FuzzReport = {
    done,
    runs: fuzzer.runs,
    places: coverage.places,
    corpus: done ? fuzzer.corpus : [],
    corpusSize: fuzzer.corpus.length,
    findings: [...fuzzer.findings.values()]
  }
  // A port of worker threads has no origin.
  // oxlint-disable-next-line unicorn/require-post-message-target-origin
  parentPort!.postMessage(report)
}
const before = (input: Uint8Array) => shared.write(input)
const end = now() + order.millis
let next = now() + reportMillis
for (let at = now(); at < end && fuzzer.findings.size < order.findingsMax; at = now()) {
  for (let i = 0; i < runsPerLook; i++) fuzzer.step(before)
  if (at < next) continue
  send(false)
  next = at + reportMillis
}
send(true)
