import { parentPort, workerData } from "node:worker_threads"

// Sleeps until the next request is due and says so, unless the other thread has not got round to the last one yet.

const { control, gapMillis, startMillis } = workerData as {
  /** Whether to go on; whether a message is on its way. */
  readonly control: Int32Array
  readonly gapMillis: number
  readonly startMillis: number
}
const origin = startMillis - performance.timeOrigin
const running = 1

while (Atomics.load(control, 0) === running) {
  const now = performance.now()
  const due = origin + Math.ceil((now - origin) / gapMillis) * gapMillis
  Atomics.wait(control, 0, running, Math.max(0, due - now))
  // A thread's port, not a window's.
  // oxlint-disable-next-line unicorn/require-post-message-target-origin
  if (Atomics.compareExchange(control, 1, 0, 1) === 0) parentPort?.postMessage(undefined)
}
