import { parentPort } from "node:worker_threads"
import type { Conversion, Direction, Script } from "./Conversion.ts"
import { loadQuickJs, ScriptContext } from "./ScriptContext.ts"

/** The pool's order: `script` only if the worker does not have that version yet. */
export interface WorkerCall {
  readonly call: number
  /** Product, version and source. */
  readonly key: string
  readonly script: Script | undefined
  readonly direction: Direction
  /** Undefined: the script is only to be opened. */
  readonly input: Uint8Array | undefined
  /** The context to forget, of those that were used longest ago. */
  readonly drop: string | undefined
}

export interface WorkerAnswer {
  readonly call: number
  readonly conversion: Conversion
  /** The worker has the version's context no more. */
  readonly dropped: boolean
}

const quickJs = await loadQuickJs()
const contexts = new Map<string, ScriptContext>()

const close = (key: string): void => {
  contexts.get(key)?.close()
  contexts.delete(key)
}

const answer = ({ direction, drop, input, key, script }: WorkerCall): Omit<WorkerAnswer, "call"> => {
  if (drop !== undefined) close(drop)
  if (script !== undefined && !contexts.has(key)) {
    const opened = ScriptContext.open(quickJs, script.source, direction)
    if (!(opened instanceof ScriptContext)) return { conversion: opened, dropped: true }
    contexts.set(key, opened)
  }
  const conversion = input === undefined ? none : contexts.get(key)!.convert(direction, input)
  const dropped =
    conversion._tag === "Failed" && (conversion.reason === "TimeLimit" || conversion.reason === "MemoryLimit")
  // Its remains may be anything: the next conversion begins anew.
  if (dropped) close(key)
  return { conversion, dropped }
}

const none: Conversion = { _tag: "Converted", bytes: new Uint8Array(0) }

parentPort!.on("message", (message: WorkerCall) => {
  const answered: WorkerAnswer = { call: message.call, ...answer(message) }
  // A worker's port has no origin.
  // oxlint-disable-next-line unicorn/require-post-message-target-origin
  parentPort!.postMessage(answered)
})
