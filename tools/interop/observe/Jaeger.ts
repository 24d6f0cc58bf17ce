import { childProcess, freeTcpPort } from "@roost/testkit"
import { Effect, Exit, Scope } from "effect"
import { execFileSync } from "node:child_process"
import { join } from "node:path"

/** A span as Jaeger gives it back. */
export interface JaegerSpan {
  readonly spanId: string
  /** Undefined: the first one of its trace. */
  readonly parentId: string | undefined
  readonly service: string
  readonly name: string
  readonly tags: ReadonlyMap<string, string | number>
}

export type JaegerTrace = ReadonlyArray<JaegerSpan>

/** The answer of `GET /api/traces`, as far as it is read. */
interface TracesAnswer {
  readonly data: ReadonlyArray<{
    readonly processes: Readonly<Record<string, { readonly serviceName: string }>>
    readonly spans: ReadonlyArray<{
      readonly spanID: string
      readonly operationName: string
      readonly processID: string
      readonly references: ReadonlyArray<{ readonly refType: string; readonly spanID: string }>
      readonly tags: ReadonlyArray<{ readonly key: string; readonly value: string | number }>
    }>
  }>
}

const deploy = join(import.meta.dirname, "../../deploy/src/main.ts")

/** Jaeger's all-in-one, which keeps traces in its memory. Go builds it once, for some ten minutes. */
export class Jaeger implements AsyncDisposable {
  /** Where it takes spans by OTLP/HTTP. */
  readonly otlpUrl: string
  readonly #queryUrl: string
  readonly #scope: Scope.Closeable

  private constructor(otlpPort: number, queryPort: number, scope: Scope.Closeable) {
    this.otlpUrl = `http://127.0.0.1:${otlpPort}`
    this.#queryUrl = `http://127.0.0.1:${queryPort}`
    this.#scope = scope
  }

  static async start(): Promise<Jaeger> {
    const command = execFileSync(process.execPath, [deploy, "tool", "jaeger"], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "inherit"]
    }).trim()
    const ports = new Map<string, number>()
    for (const listener of listeners) ports.set(listener, await Effect.runPromise(freeTcpPort))
    const scope = Effect.runSync(Scope.make())
    const args = Array.from(ports, ([listener, port]) => `--${listener}.host-port=127.0.0.1:${port}`)
    const starting = childProcess({
      command,
      args,
      env: { SPAN_STORAGE_TYPE: "memory" },
      readyWhen: /"status":"ready"/
    })
    await Effect.runPromise(Scope.provide(starting, scope))
    return new Jaeger(ports.get("collector.otlp.http")!, ports.get("query.http-server")!, scope)
  }

  /** The traces with a span of this service. */
  async tracesOf(service: string): Promise<ReadonlyArray<JaegerTrace>> {
    const response = await fetch(`${this.#queryUrl}/api/traces?service=${service}&lookback=1h&limit=${tracesMax}`)
    if (!response.ok) throw new Error(`Jaeger answered ${response.status}: ${await response.text()}`)
    const { data } = (await response.json()) as TracesAnswer
    return data.map(({ processes, spans }) =>
      spans.map(({ operationName, processID, references, spanID, tags }) => ({
        spanId: spanID,
        parentId: references.find(({ refType }) => refType === "CHILD_OF")?.spanID,
        service: processes[processID]!.serviceName,
        name: operationName,
        tags: new Map(tags.map(({ key, value }) => [key, value]))
      }))
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Effect.runPromise(Scope.close(this.#scope, Exit.void))
  }
}

/** Whether one span began it, and every other has its parent in it. */
export const isConnected = (trace: JaegerTrace): boolean => {
  const ids = new Set(trace.map(({ spanId }) => spanId))
  return (
    trace.filter(({ parentId }) => parentId === undefined).length === 1 &&
    trace.every(({ parentId }) => parentId === undefined || ids.has(parentId))
  )
}

/** All that it listens at, each at a port of its own. */
const listeners = [
  "admin.http",
  "collector.grpc-server",
  "collector.http-server",
  "collector.otlp.grpc",
  "collector.otlp.http",
  "query.grpc-server",
  "query.http-server"
]
const tracesMax = 200
