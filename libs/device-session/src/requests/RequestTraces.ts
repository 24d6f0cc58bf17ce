import { type FrameTrace, readTraceparent, type TraceContext } from "@roost/contracts"
import type { Tracing } from "@roost/observability"
import type { NamedDevice } from "../state/NamedDevice.ts"

/** A request as it is handled. `stamp`: `frameStamp` of the frame that it came by, or 0. */
export interface SeenRequest {
  readonly now: number
  readonly device: NamedDevice
  readonly stamp: number
  readonly topic: string
}

/** A request of a device that is traced. Its edge makes the first span of it, of what the edge saw. */
export interface RequestTrace {
  /** `uplink`, `fetch` or `reply`. */
  readonly name: string
  readonly device: NamedDevice
  readonly topic: string
  /** Of the frame that it came by: `frameStamp`, or 0. */
  readonly stamp: number
  readonly startedAt: number
  /** The edge's span, and what caused that. */
  readonly edge: TraceContext
  readonly parentId: string
  /** From here to the answer. */
  readonly own: TraceContext
  /** Of the message for a stream. */
  readonly store: TraceContext
}

/**
 * The traces of requests. It is decided here whether one is traced, since only here the device is known; edges hear of it with the answer.
 * Records spans, and sends nothing.
 */
export class RequestTraces {
  readonly #tracing: Tracing | undefined
  readonly #wallOf: (now: number) => number
  /** The request whose answer is about to be sent. */
  answering: RequestTrace | undefined

  constructor(tracing: Tracing | undefined, wallOf: (now: number) => number) {
    this.#tracing = tracing
    this.#wallOf = wallOf
  }

  /** The code that has a request looks at nothing else while this is false. */
  get active(): boolean {
    return this.#tracing?.active === true
  }

  /** A request begins a trace, if it is chosen. */
  begin(seen: SeenRequest): RequestTrace | undefined {
    const edge = this.#tracing?.begin(seen.device)
    return edge === undefined ? undefined : this.#traceOf(seen, "uplink", edge, "")
  }

  /** A request goes on with the trace of the command that it is about, if that is traced. */
  follow(
    seen: SeenRequest,
    name: "fetch" | "reply",
    command: { readonly trace?: string | undefined; readonly createdAt: number } | undefined
  ): RequestTrace | undefined {
    const parent = readTraceparent(command?.trace)
    if (command === undefined || parent === undefined || this.#tracing === undefined) return undefined
    const { deviceKey, productKey } = seen.device
    if (name === "fetch")
      this.#tracing.record({
        context: this.#tracing.child(parent),
        parentId: parent.spanId,
        name: "wait for the device",
        kind: "internal",
        startedAt: command.createdAt,
        endedAt: this.#wallOf(seen.now),
        attributes: { productKey, deviceKey }
      })
    return this.#traceOf(seen, name, this.#tracing.child(parent), parent.spanId)
  }

  /** The store acknowledged the message of the request, or could not take it. */
  stored(now: number, trace: RequestTrace | undefined, stored: boolean): void {
    if (trace === undefined) return
    this.#tracing?.record({
      context: trace.store,
      parentId: trace.own.spanId,
      name: "store",
      kind: "producer",
      startedAt: this.#wallOf(trace.startedAt),
      endedAt: this.#wallOf(now),
      attributes: { stream: trace.name === "uplink" ? "UPLINK" : "COMMAND_EVENT" },
      error: stored ? undefined : "the store did not take it"
    })
  }

  /** The answer goes out: what the edge is told of the trace. */
  answered(now: number, trace: RequestTrace): FrameTrace {
    const { deviceKey, productKey } = trace.device
    this.#tracing?.record({
      context: trace.own,
      parentId: trace.edge.spanId,
      name: trace.name,
      kind: "internal",
      startedAt: this.#wallOf(trace.startedAt),
      endedAt: this.#wallOf(now),
      attributes: { productKey, deviceKey, topic: trace.topic }
    })
    return { stamp: trace.stamp, span: trace.edge, parentId: trace.parentId, name: trace.name }
  }

  #traceOf(
    { device, now, stamp, topic }: SeenRequest,
    name: string,
    edge: TraceContext,
    parentId: string
  ): RequestTrace {
    const { deviceKey, productKey } = device
    const [own, store] = [this.#tracing!.child(edge), this.#tracing!.child(edge)]
    return { name, device: { productKey, deviceKey }, topic, stamp, startedAt: now, edge, parentId, own, store }
  }
}
