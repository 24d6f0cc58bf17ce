import { BoundedMap } from "@roost/bounded"
import { metrics } from "@roost/observability"
import { hash } from "node:crypto"
import { Worker } from "node:worker_threads"
import type { Conversion, Direction, Script } from "./Conversion.ts"
import { failed } from "./ScriptContext.ts"
import type { WorkerAnswer, WorkerCall } from "./ScriptWorker.ts"

/** Conversions of one product that wait at most. */
export const waitingPerProductMax = 256
/** Scripts that one worker keeps open. */
const openMax = 64
/** Conversions in a row that met a limit, after which the product's wait is refused for a while. */
export const limitsMetMax = 5
export const suspendedMillis = 30_000
/**
 * QuickJS's own functions count no steps, such as filling a huge array. A worker whose thread worked for so long without an answer is
 * ended, and its product suspended at once. A hundred times what `stepsMax` takes.
 */
export const workMillisMax = 3_000
/** How often the pool asks a worker that does not answer for its CPU time: a busy machine makes it late, not guilty. */
const workLookMillis = 500
/** A worker that gets no CPU at all for so long is ended as well, so that its product's conversions do not wait for ever. */
const silenceMillisMax = 60_000
const relaunchMillisMin = 100
export const relaunchMillisMax = 30_000

/**
 * How long to wait after a worker's end, by how many ended in a row without an answer. One that can't even load would else take a whole
 * core: each start costs some 60 ms of CPU.
 */
export const relaunchMillis = (unanswered: number): number =>
  Math.min(relaunchMillisMax, relaunchMillisMin * 2 ** Math.max(0, unanswered - 1))

interface Call {
  readonly script: Script
  readonly direction: Direction
  readonly input: Uint8Array | undefined
  readonly done: (conversion: Conversion) => void
}

interface Product {
  readonly waiting: Array<Call>
  running: boolean
  limitsMet: number
  suspendedUntil: number
}

interface Slot {
  /** Undefined before its first call, and for a moment after it ended. */
  worker: Worker | undefined
  /** Nothing was asked of it yet. */
  asleep: boolean
  /** Open contexts, used longest ago first. */
  readonly open: BoundedMap<string, true>
  /** Workers in a row that ended before they answered anything. */
  unanswered: number
  running: Running | undefined
}

interface Running {
  readonly call: number
  readonly what: Call
  timer: NodeJS.Timeout | undefined
  readonly since: number
  /** CPU milliseconds of the worker's thread before this call. */
  workedBefore: number | undefined
  isHung: boolean
}

/**
 * Scripts of many products in a few worker threads. Products take turns, and each has one conversion at a time. One whose
 * script loops holds a worker up for `stepsMax` now and then, until it is suspended, and nobody's data waits behind it.
 */
export class ScriptPool {
  readonly #now: () => number
  readonly #workerUrl: URL
  readonly #slots: Array<Slot> = []
  readonly #products = new Map<string, Product>()
  /** Products that have something waiting and nothing running, in turn. */
  readonly #turns: Array<string> = []
  #call = 0
  /** With what the last worker threw, if anything. */
  #crashed = failed("Crashed", "the script's worker ended")
  #closed = false

  constructor(options: { readonly workers?: number; readonly now?: () => number; readonly workerUrl?: URL } = {}) {
    this.#now = options.now ?? (() => performance.now())
    this.#workerUrl = options.workerUrl ?? new URL(workerFile, import.meta.url)
    for (let i = 0; i < (options.workers ?? 2); i++) {
      this.#slots.push({
        worker: undefined,
        asleep: true,
        open: new BoundedMap(openMax),
        unanswered: 0,
        running: undefined
      })
    }
  }

  /** `done` is called once, never inside this call. */
  convert(script: Script, direction: Direction, input: Uint8Array, done: (conversion: Conversion) => void): void {
    this.#enter({ script, direction, input, done })
  }

  /** Whether the script can be run at all: it has no syntax error and defines both functions. */
  check(script: Script, done: (conversion: Conversion) => void, direction: Direction = "up"): void {
    this.#enter({ script, direction, input: undefined, done })
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const { running } of this.#slots) clearTimeout(running?.timer)
    await Promise.all(this.#slots.map(({ worker }) => worker?.terminate()))
  }

  #enter(call: Call): void {
    if (this.#slots.every(cannotLoad)) return later(call, this.#crashed)
    const { productKey } = call.script
    let product = this.#products.get(productKey)
    if (product === undefined) {
      product = { waiting: [], running: false, limitsMet: 0, suspendedUntil: 0 }
      this.#products.set(productKey, product)
    }
    if (this.#now() < product.suspendedUntil) return later(call, suspended)
    if (product.waiting.length >= waitingPerProductMax) return later(call, busy)
    product.waiting.push(call)
    if (!product.running && product.waiting.length === 1) this.#turns.push(productKey)
    this.#serve()
  }

  #serve(): void {
    while (this.#turns.length > 0 && !this.#closed) {
      const slot = this.#freeSlot()
      if (slot === undefined) return
      const product = this.#products.get(this.#turns.shift()!)!
      product.running = true
      this.#send(slot, product.waiting.shift()!)
    }
  }

  /** A worker takes some 15 MB, so none starts before there is work that no other can take. */
  #freeSlot(): Slot | undefined {
    const free = this.#slots.find(({ running, worker }) => worker !== undefined && running === undefined)
    if (free !== undefined) return free
    const asleep = this.#slots.find((slot) => slot.asleep)
    if (asleep !== undefined) this.#launch(asleep)
    return asleep
  }

  #send(slot: Slot, what: Call): void {
    const call = ++this.#call
    const { direction, input, script } = what
    const key = keyOf(script)
    const known = slot.open.has(key)
    const drop = slot.open.set(key, true)?.[0]
    slot.running = { call, what, timer: undefined, since: performance.now(), workedBefore: undefined, isHung: false }
    this.#lookLater(slot, slot.running)
    const message: WorkerCall = { call, key, script: known ? undefined : script, direction, input, drop }
    slot.worker?.postMessage(message)
  }

  #lookLater(slot: Slot, running: Running): void {
    running.timer = setTimeout(() => void this.#look(slot, running), workLookMillis)
  }

  /** The first look knows only that `workLookMillis` are over, and no thread can have worked longer than that. */
  async #look(slot: Slot, running: Running): Promise<void> {
    const worker = slot.worker
    const worked = await worker?.cpuUsage().then(
      ({ system, user }) => (system + user) / 1_000,
      () => undefined
    )
    // It answered, or ended, while its CPU time was on the way.
    if (worked === undefined || slot.running !== running || this.#closed) return
    running.workedBefore ??= worked - workLookMillis
    running.isHung =
      worked - running.workedBefore >= workMillisMax || performance.now() - running.since >= silenceMillisMax
    if (running.isHung) void worker?.terminate()
    else this.#lookLater(slot, running)
  }

  #answered(slot: Slot, conversion: Conversion): void {
    const { running } = slot
    if (running === undefined) return
    clearTimeout(running.timer)
    slot.running = undefined
    const { done, script } = running.what
    const product = this.#products.get(script.productKey)!
    product.running = false
    this.#judge(product, conversion)
    if (product.waiting.length > 0) this.#turns.push(script.productKey)
    else if (product.limitsMet === 0) this.#products.delete(script.productKey)
    counters[conversion._tag === "Converted" ? "Converted" : "Failed"].inc()
    done(conversion)
    this.#serve()
  }

  #judge(product: Product, conversion: Conversion): void {
    const metLimit = conversion._tag === "Failed" && limits.has(conversion.reason)
    const weight = conversion === hung ? limitsMetMax : 1
    product.limitsMet = metLimit ? product.limitsMet + weight : 0
    if (product.limitsMet < limitsMetMax) return
    product.suspendedUntil = this.#now() + suspendedMillis
    product.limitsMet = 1
    suspensions.inc()
    for (const call of product.waiting.splice(0)) later(call, suspended)
  }

  #launch(slot: Slot): void {
    const worker = new Worker(this.#workerUrl)
    workerStarts.inc()
    worker.unref()
    slot.worker = worker
    slot.asleep = false
    worker.on("message", ({ call, conversion, dropped }: WorkerAnswer) => {
      slot.unanswered = 0
      if (slot.running?.call !== call) return
      if (dropped) slot.open.delete(keyOf(slot.running.what.script))
      this.#answered(slot, conversion)
    })
    worker.on("error", (error) => {
      this.#crashed = failed(
        "Crashed",
        `the script's worker ended: ${error instanceof Error ? error.message : String(error)}`
      )
    })
    worker.on("exit", () => {
      if (this.#closed) return
      slot.worker = undefined
      slot.open.clear()
      const isHung = slot.running?.isHung === true
      slot.unanswered = isHung ? 0 : slot.unanswered + 1
      this.#answered(slot, isHung ? hung : this.#crashed)
      if (this.#slots.every(cannotLoad)) this.#refuseWaiting()
      setTimeout(() => {
        if (this.#closed) return
        this.#launch(slot)
        this.#serve()
      }, relaunchMillis(slot.unanswered)).unref()
    })
  }

  #refuseWaiting(): void {
    this.#turns.length = 0
    for (const [productKey, product] of this.#products) {
      for (const call of product.waiting.splice(0)) later(call, this.#crashed)
      if (product.limitsMet === 0) this.#products.delete(productKey)
    }
  }
}

/** Its worker ends before it answers: whoever asks meanwhile is told so at once. */
const cannotLoad = ({ unanswered, worker }: Slot): boolean => worker === undefined && unanswered > 1

/** A product that was deleted and made anew begins with version 1 again, so that the version alone is not the script. */
const keyOf = (script: Script): string => {
  let key = keys.get(script)
  if (key === undefined) {
    key = `${script.productKey},${script.version},${hash("sha1", script.source)}`
    keys.set(script, key)
  }
  return key
}

const keys = new WeakMap<Script, string>()

const later = (call: Call, conversion: Conversion): void => queueMicrotask(() => call.done(conversion))

const limits: ReadonlySet<string> = new Set(["TimeLimit", "MemoryLimit", "Crashed"])
const busy = failed("Busy", `${waitingPerProductMax} conversions of the product wait already`)
const suspended = failed("Suspended", `the product's script hung, or met its limits ${limitsMetMax} times in a row`)
const hung = failed("TimeLimit", `the script took more than ${workMillisMax} ms`)

const help = "Conversions by scripts of raw products."
const counters = {
  Converted: metrics.counter("roost_script_conversions_total", help, { result: "Converted" }),
  Failed: metrics.counter("roost_script_conversions_total", help, { result: "Failed" })
}
const workerStarts = metrics.counter(
  "roost_script_worker_starts_total",
  "Worker threads for scripts that were started; more than a few a minute: they end by themselves."
)
const suspensions = metrics.counter("roost_script_suspensions_total", "Products whose script met its limits too often.")

/** Beside this file, or, in a bundle, an entry of its own beside the app's. */
const workerFile = import.meta.url.endsWith(".ts") ? "./ScriptWorker.ts" : "./ScriptWorker.mjs"
