import type { TraceContext } from "@roost/contracts"
import { randomBytes } from "node:crypto"
import type { Span } from "./Span.ts"

/** Spans that wait to be sent at most; those that come while so many wait are dropped, and counted. */
export const spansWaitingMax = 8_192

/** Which requests are traced. */
export interface Sampling {
  /** The share of requests, 0 to 1. */
  readonly share: number
  /** `productKey/deviceKey` of devices of which every request is traced. */
  readonly devices: ReadonlySet<string>
}

interface NamedDevice {
  readonly productKey: string
  readonly deviceKey: string
}

/**
 * Decides what is traced and keeps spans until they are sent. It is decided once for a trace, where it begins (head sampling); who goes on
 * with one has its context. While nothing is traced, `active` is false, and whoever could add a span looks at nothing else.
 */
export class Tracing {
  active = false
  /** Spans that were dropped since too many waited. */
  dropped = 0
  #sampling: Sampling = { share: 0, devices: new Set() }
  #spans: Array<Span> = []
  readonly #random: () => number

  constructor(random: () => number = Math.random) {
    this.#random = random
  }

  get waiting(): number {
    return this.#spans.length
  }

  configure(sampling: Sampling): void {
    this.#sampling = sampling
    this.active = sampling.share > 0 || sampling.devices.size > 0
  }

  /** The first span of a trace, if this request is to be traced. */
  begin(device?: NamedDevice): TraceContext | undefined {
    if (!this.active) return undefined
    const { devices, share } = this.#sampling
    const isChosen = device !== undefined && devices.size > 0 && devices.has(`${device.productKey}/${device.deviceKey}`)
    if (!isChosen && this.#random() >= share) return undefined
    return { traceId: randomBytes(16).toString("hex"), spanId: newSpanId() }
  }

  /** Another span of the trace. */
  child({ traceId }: TraceContext): TraceContext {
    return { traceId, spanId: newSpanId() }
  }

  record(span: Span): void {
    if (this.#spans.length >= spansWaitingMax) this.dropped++
    else this.#spans.push(span)
  }

  /** Takes up to so many spans, oldest first. */
  take(max: number): ReadonlyArray<Span> {
    return this.#spans.splice(0, max)
  }
}

const newSpanId = (): string => randomBytes(8).toString("hex")

/** Of this process. */
export const tracing = new Tracing()
