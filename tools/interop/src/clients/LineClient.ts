import { childProcess, ClientFailed, type CoapRequest, type CoapSession, type SessionOptions } from "@roost/testkit"
import { Effect, Queue, Schema, type Scope } from "effect"
import { setTimeout as wait } from "node:timers/promises"
import { splitLines } from "./Lines.ts"

export interface LineSessionOptions extends SessionOptions {
  /** Offer connection ids (RFC 9146), with one of this many bytes for the records to the client; 0: none there. */
  readonly connectionIdBytes?: number
  /** Of the blocks that it sends (RFC 7959). Default 1024. */
  readonly blockBytes?: number
}

/** A program of ours around somebody else's stack, which speaks the line protocol of README.md. */
export interface LineProgram {
  readonly name: string
  readonly command: string
  readonly args: ReadonlyArray<string>
}

const Line = Schema.fromJsonString(
  Schema.Struct({
    event: Schema.Literals(["ready", "response", "failed"]),
    session: Schema.optionalKey(Schema.Boolean),
    reason: Schema.optionalKey(Schema.String),
    type: Schema.optionalKey(Schema.Literals(["CON", "NON", "ACK", "RST"])),
    code: Schema.optionalKey(Schema.String),
    options: Schema.optionalKey(Schema.Array(Schema.Tuple([Schema.String, Schema.String]))),
    payload: Schema.optionalKey(Schema.String)
  })
)
const decodeLine = Schema.decodeSync(Line)

export const lineSession = Effect.fnUntraced(function* (
  { name, command, args }: LineProgram,
  options: LineSessionOptions
): Effect.fn.Return<CoapSession, ClientFailed, Scope.Scope> {
  const withinMillis = options.withinMillis ?? 10_000
  const failed = (reason: ClientFailed["reason"], detail: string) => new ClientFailed({ reason, client: name, detail })
  const lines = yield* Queue.unbounded<typeof Line.Type>()
  const client = yield* childProcess({
    command,
    args: [...args, ...sessionArguments(options, withinMillis)],
    readyWhen: /"event":"ready"/,
    readyWithinMillis: withinMillis + startMillisMax,
    onStdout: splitLines((text) => void Queue.offerUnsafe(lines, decodeLine(text)))
  }).pipe(Effect.mapError((error) => failed("NoSession", error.detail)))
  yield* Queue.take(lines)

  const request = Effect.fnUntraced(function* (request: CoapRequest) {
    yield* client.write(`${requestWords(request).join(" ")}\n`)
    const line = yield* Effect.raceFirst(
      Queue.take(lines),
      // Its own time limit comes first, unless it hangs.
      Effect.andThen(
        Effect.promise((signal) => wait(2 * withinMillis, undefined, { signal }).catch(() => undefined)),
        Effect.suspend(() => Effect.fail(failed("NoResponse", client.output())))
      )
    )
    if (line.event !== "response") {
      return yield* failed(line.session === true ? "NoResponse" : "NoSession", line.reason ?? client.output())
    }
    return {
      type: line.type!,
      code: line.code!,
      options: (line.options ?? []).map(([number, value]) => ({ number: Number(number), value: fromBase64(value) })),
      payload: fromBase64(line.payload ?? "")
    }
  })
  return { request, output: client.output }
})

const sessionArguments = (options: LineSessionOptions, withinMillis: number): ReadonlyArray<string> => {
  const flags = {
    port: options.port,
    identity: options.identity,
    psk: Buffer.from(options.psk).toString("hex"),
    suite: options.suite,
    within: withinMillis,
    block: options.blockBytes ?? 1024,
    cid: options.connectionIdBytes ?? -1
  }
  return [...Object.entries(flags).flatMap(([flag, value]) => [`-${flag}`, `${value}`]), ...(options.args ?? [])]
}

const requestWords = (request: CoapRequest): ReadonlyArray<string> => [
  request.method,
  request.path,
  request.confirmable === false ? "NON" : "CON",
  request.payload === undefined ? "-" : toBase64(request.payload),
  ...(request.options ?? []).map(({ number, value }) => `${number}=${toBase64(value)}`)
]

const toBase64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64")
const fromBase64 = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "base64"))

/** A Java machine on two busy cores. */
const startMillisMax = 20_000
