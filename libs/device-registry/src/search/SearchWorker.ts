import { rmSync } from "node:fs"
import { parentPort, workerData } from "node:worker_threads"
import type { DeviceQuery } from "../RegistryStore.ts"
import { SearchIndex } from "./SearchIndex.ts"

export interface SearchFiles {
  readonly registryFile: string
  readonly indexFile: string
}

/** A question of the registry's thread. */
export interface SearchCall {
  readonly call: number
  readonly ask: { readonly search: DeviceQuery } | "countByStatus" | "keepUp" | "moveLog"
}

export type SearchReply =
  | { readonly call: number; readonly answer: unknown }
  | { readonly call: number; readonly fault: string }
  /** All changes up to this one are in the index. */
  | { readonly indexed: number }

/** How long it keeps up before it looks whether somebody searches, and how long a search waits for it. */
const turnMillis = 50
const waitMillis = 300

const { indexFile, registryFile } = workerData as SearchFiles
/** An index that can't be read is made anew. */
const open = (): SearchIndex => {
  try {
    return new SearchIndex(registryFile, indexFile)
  } catch {
    for (const file of [indexFile, `${indexFile}-wal`, `${indexFile}-shm`]) rmSync(file, { force: true })
    return new SearchIndex(registryFile, indexFile)
  }
}

const index = open()
const port = parentPort!
let told = index.change
let busy = false

const reply = (message: SearchReply): void => {
  // A worker's port has no origin.
  // oxlint-disable-next-line unicorn/require-post-message-target-origin
  port.postMessage(message)
}

const keepUp = (millis: number): void => {
  const done = index.keepUp(millis)
  if (index.change !== told) reply({ indexed: (told = index.change) })
  if (done || busy) return
  busy = true
  setImmediate(() => {
    busy = false
    keepUp(turnMillis)
  })
}

const answerTo = (ask: SearchCall["ask"]): unknown => {
  if (ask === "moveLog") return index.moveLog()
  if (ask === "countByStatus") return index.countByStatus()
  keepUp(ask === "keepUp" ? turnMillis : waitMillis)
  return ask === "keepUp" ? undefined : index.search(ask.search)
}

port.on("message", ({ ask, call }: SearchCall) => {
  try {
    reply({ call, answer: answerTo(ask) })
  } catch (error) {
    reply({ call, fault: error instanceof Error ? (error.stack ?? error.message) : String(error) })
  }
})
