import { type ChildProcess, fork } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import type { DeviceSource } from "@roost/load"
import type { LoadConfig } from "../LoadConfig.ts"
import type { PhaseName } from "../Report.ts"
import { splitConfig, splitSource } from "./splitLoad.ts"
import type { FromWorker, Snapshot, ToWorker } from "./WorkerMessage.ts"

/** Of one round trip over IPC; a worker that is busy writing its devices down takes seconds, one that is stuck, forever. */
const answerMillisMax = 60_000

const endMillisMax = 2_000

/** The processes that play the devices. They start together, change phases together and end with this one. */
export class Workers implements AsyncDisposable {
  readonly #children: ReadonlyArray<ChildProcess>
  readonly #onSnapshot: (index: number, snapshot: Snapshot) => void
  readonly #waiting = new Set<Waiting>()
  #failure: Error | undefined

  private constructor(children: ReadonlyArray<ChildProcess>, onSnapshot: (index: number, snapshot: Snapshot) => void) {
    this.#children = children
    this.#onSnapshot = onSnapshot
    children.forEach((child, index) => {
      child.on("message", (message: FromWorker) => this.#receive(index, message))
      child.on("exit", (code, signal) =>
        this.#fail(new Error(`process ${child.pid} of the tool ended: ${signal ?? code}`))
      )
      child.on("error", (error) => this.#fail(error))
    })
  }

  static async start(
    config: LoadConfig,
    source: DeviceSource,
    onSnapshot: (index: number, snapshot: Snapshot) => void
  ): Promise<Workers> {
    const path = fileURLToPath(new URL("worker.ts", import.meta.url))
    const children = Array.from({ length: config.processes }, () => fork(path, { serialization: "advanced" }))
    const workers = new Workers(children, onSnapshot)
    const ready = workers.#all(({ _tag }) => _tag === "Ready", answerMillisMax)
    children.forEach((child, index) => {
      tell(child, { _tag: "Start", config: splitConfig(config, index), source: splitSource(source, config, index) })
    })
    await ready
    return workers
  }

  /** Resolves when each worker has told what it measured in the phase before. */
  async enter(phase: PhaseName): Promise<void> {
    const last = this.#all((message) => message._tag === "Snapshot" && message.isLastOfPhase, answerMillisMax)
    for (const child of this.#children) tell(child, { _tag: "Enter", phase })
    await last
  }

  /** Resolves when each worker is through with `phase`. Called before it is entered. */
  done(phase: PhaseName): Promise<void> {
    return this.#all((message) => message._tag === "PhaseDone" && message.phase === phase)
  }

  /** Resolves after `millis`; rejects at once if a worker is lost. */
  lasts(millis: number): Promise<void> {
    return Promise.race([new Promise<void>((resolve) => setTimeout(resolve, millis).unref()), this.#all(() => false)])
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const running = this.#children.filter((child) => child.exitCode === null && child.signalCode === null)
    const exits = running.map((child) => once(child, "exit"))
    // A worker ends with its channel; one that is stuck does not see that.
    for (const child of running) if (child.connected) child.disconnect()
    const timer = setTimeout(() => running.forEach((child) => child.kill("SIGKILL")), endMillisMax)
    await Promise.all(exits)
    clearTimeout(timer)
  }

  #all(accept: (message: FromWorker) => boolean, millisMax?: number): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure)
    const promise = new Promise<void>((resolve, reject) => {
      const waiting: Waiting = { accept, missing: new Set(this.#children.keys()), resolve, reject }
      this.#waiting.add(waiting)
      if (millisMax === undefined) return
      const late = () => this.#fail(new Error(`a process of the tool did not answer in ${millisMax} ms`))
      const timer = setTimeout(() => this.#waiting.has(waiting) && late(), millisMax)
      timer.unref()
    })
    // A caller that waits learns of it; a phase that nobody waits for any more must not end this process.
    promise.catch(() => undefined)
    return promise
  }

  #receive(index: number, message: FromWorker): void {
    if (message._tag === "Snapshot") this.#onSnapshot(index, message)
    else if (message._tag === "Fatal") this.#fail(new Error(message.message))
    for (const waiting of this.#waiting) {
      if (!waiting.accept(message)) continue
      waiting.missing.delete(index)
      if (waiting.missing.size > 0) continue
      this.#waiting.delete(waiting)
      waiting.resolve()
    }
  }

  #fail(error: Error): void {
    this.#failure ??= error
    for (const waiting of this.#waiting) waiting.reject(this.#failure)
    this.#waiting.clear()
  }
}

interface Waiting {
  readonly accept: (message: FromWorker) => boolean
  readonly missing: Set<number>
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

const tell = (child: ChildProcess, message: ToWorker): void => {
  child.send(message)
}
