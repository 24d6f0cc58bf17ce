import { Data, Effect, Queue } from "effect"
import { join } from "node:path"
import { pinned } from "../servers/Pinned.ts"
import type { ConnectResult, GeneratorCommand, LoadResult } from "./GeneratorLines.ts"
import { handshakesUnderWayMax, type LoadSuite } from "./LoadDevices.ts"

/** The load's process did not do what it was told: its own words. */
export class LoadFailed extends Data.TaggedError("LoadFailed")<{ readonly detail: string }> {
  override get message(): string {
    return `load: ${this.detail}`
  }
}

export interface LoadProcess {
  readonly connect: (options: {
    readonly first?: number
    readonly count: number
    readonly resume?: boolean
    readonly leave?: boolean
    readonly underWayMax?: number
  }) => Effect.Effect<ConnectResult, LoadFailed>
  /** All devices say goodbye, and the server has some time to hear it. */
  readonly leave: Effect.Effect<void, LoadFailed>
  readonly load: (seconds: number, ratePerSecond?: number) => Effect.Effect<LoadResult, LoadFailed>
}

/** Starts it on its core; it ends with the scope. */
export const loadProcess = Effect.fnUntraced(function* (options: {
  readonly core: number | undefined
  readonly port: number
  readonly suite: LoadSuite
  readonly psk: Uint8Array
  readonly productKey: string
  /** Requests under way at any time. */
  readonly underWay: number
  /** Number of its first device. */
  readonly first?: number
  /** Whether it may use all of its core to be on time. */
  readonly spins?: boolean
}) {
  const lines = yield* Queue.unbounded<string>()
  let rest = ""
  const child = yield* pinned(options.core, {
    command: process.execPath,
    args: [
      "--max-old-space-size=6144",
      join(import.meta.dirname, "generator.ts"),
      `--port=${options.port}`,
      `--suite=${options.suite}`,
      `--key=${options.psk.toHex()}`,
      `--product=${options.productKey}`,
      `--payload=${payloadBytes}`,
      `--first=${options.first ?? 0}`,
      ...(options.spins === true ? ["--spins"] : [])
    ],
    readyWhen: /"ready":true/,
    onStdout: (chunk) => {
      const texts = (rest + Buffer.from(chunk).toString("latin1")).split("\n")
      rest = texts.pop()!
      for (const text of texts) Queue.offerUnsafe(lines, text)
    }
  })
  yield* Queue.take(lines)
  const tell = (command: GeneratorCommand): Effect.Effect<string, LoadFailed> =>
    Effect.andThen(
      child.write(`${JSON.stringify(command)}\n`),
      Effect.raceFirst(
        Queue.take(lines),
        Effect.flatMap(child.exit, () => Effect.fail(new LoadFailed({ detail: child.stderr() })))
      )
    )
  const running: LoadProcess = {
    connect: ({ count, first = 0, leave = false, resume = false, underWayMax = handshakesUnderWayMax }) =>
      tell({ do: "grow", devices: first + count }).pipe(
        Effect.andThen(tell({ do: "connect", first, count, resume, thenLeave: leave, inFlightMax: underWayMax })),
        Effect.map((line) => JSON.parse(line) as ConnectResult),
        Effect.filterOrFail(
          ({ established }) => established === count,
          ({ established, failures }) =>
            new LoadFailed({ detail: `${established} of ${count} handshakes, ${JSON.stringify(failures)}` })
        )
      ),
    leave: Effect.asVoid(tell({ do: "leave" })),
    load: (seconds, ratePerSecond = 0) =>
      tell({ do: "load", seconds, requestsInFlight: options.underWay, ratePerSecond }).pipe(
        Effect.map((line) => JSON.parse(line) as LoadResult)
      )
  }
  return running
})

const payloadBytes = 150
