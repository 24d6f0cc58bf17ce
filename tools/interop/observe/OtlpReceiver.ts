import { once } from "node:events"
import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { json } from "node:stream/consumers"

/** A span as it came. */
export interface ReceivedSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name: string
  readonly startTimeUnixNano: string
  readonly endTimeUnixNano: string
  readonly service: string
}

interface ExportRequest {
  readonly resourceSpans: ReadonlyArray<{
    readonly resource: {
      readonly attributes: ReadonlyArray<{ readonly key: string; readonly value: { readonly stringValue?: string } }>
    }
    readonly scopeSpans: ReadonlyArray<{ readonly spans: ReadonlyArray<Omit<ReceivedSpan, "service">> }>
  }>
}

/** Takes traces by OTLP/HTTP as JSON, as a collector does. */
export class OtlpReceiver implements AsyncDisposable {
  readonly spans: Array<ReceivedSpan> = []
  readonly #server: Server

  private constructor(server: Server) {
    this.#server = server
  }

  static async start(): Promise<OtlpReceiver> {
    const server = createServer()
    const receiver = new OtlpReceiver(server)
    server.on("request", async (request, response) => {
      if (request.method === "POST" && request.url === "/v1/traces")
        receiver.#take((await json(request)) as ExportRequest)
      else response.statusCode = 404
      response.setHeader("content-type", "application/json")
      response.end("{}")
    })
    server.listen(0, "127.0.0.1")
    await once(server, "listening")
    return receiver
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Spans of each trace. */
  traces(): ReadonlyArray<ReadonlyArray<ReceivedSpan>> {
    const traces = new Map<string, Array<ReceivedSpan>>()
    for (const span of this.spans) traces.set(span.traceId, [...(traces.get(span.traceId) ?? []), span])
    return [...traces.values()]
  }

  #take({ resourceSpans }: ExportRequest): void {
    for (const { resource, scopeSpans } of resourceSpans) {
      const service = resource.attributes.find(({ key }) => key === "service.name")?.value.stringValue ?? ""
      for (const { spans } of scopeSpans) for (const span of spans) this.spans.push(Object.assign(span, { service }))
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, "close")
  }
}

/** Whether each span but one has its parent in the trace. */
export const isConnected = (trace: ReadonlyArray<ReceivedSpan>): boolean => {
  const ids = new Set(trace.map(({ spanId }) => spanId))
  const roots = trace.filter(({ parentSpanId }) => parentSpanId === undefined)
  return roots.length === 1 && trace.every(({ parentSpanId }) => parentSpanId === undefined || ids.has(parentSpanId))
}
