import {
  Code,
  decode,
  encode,
  encodeEmpty,
  formatCode,
  type Message,
  noBytes,
  OptionNumber,
  stringOption
} from "@roost/coap"
import { Effect, Queue, type Scope } from "effect"
import * as Result from "effect/Result"
import { setTimeout as wait } from "node:timers/promises"
import { childProcess } from "../ChildProcess.ts"
import {
  ClientFailed,
  type CoapRequest,
  type CoapSession,
  type SessionOptions,
  withinMillisDefault
} from "./CoapClient.ts"
import { type ProgramName, requireProgram } from "./Programs.ts"

/** A program whose stdin and stdout carry what is in the records. */
export interface RecordProgram {
  /** For messages. */
  readonly name: string
  readonly command: string
  readonly args: ReadonlyArray<string>
  /** Its output when the handshake is complete. */
  readonly connected: RegExp
  /** Turns chunks of its stdout into the datagrams it decrypted. */
  readonly datagrams: (datagram: (bytes: Uint8Array) => void) => (chunk: Uint8Array) => void
  /** The input that makes it send `bytes` as one record. Absent: the bytes, to a program that sends what one read brought. */
  readonly line?: (bytes: Uint8Array) => string
}

/** One that Debian has. */
export interface DtlsProgram extends Omit<RecordProgram, "name" | "command"> {
  readonly program: ProgramName
}

/** A session of a program that sends what it reads and writes what it receives, plus the least of a CoAP client. */
export interface DtlsSession extends CoapSession {
  /** One record of application data, any bytes. */
  readonly send: (bytes: Uint8Array) => Effect.Effect<void>
  readonly receive: Effect.Effect<Uint8Array, ClientFailed>
  /** Ends its input, upon which it sends close_notify. */
  readonly close: Effect.Effect<void>
}

export const dtlsSession = (
  { program, ...carries }: DtlsProgram,
  options: SessionOptions
): Effect.Effect<DtlsSession, ClientFailed, Scope.Scope> =>
  Effect.andThen(requireProgram(program), recordSession({ name: program, command: program, ...carries }, options))

export const recordSession = Effect.fnUntraced(function* (
  { name, command, args, connected, datagrams, line }: RecordProgram,
  options: SessionOptions
): Effect.fn.Return<DtlsSession, ClientFailed, Scope.Scope> {
  const withinMillis = options.withinMillis ?? withinMillisDefault
  const failed = (reason: ClientFailed["reason"], detail: string) => new ClientFailed({ reason, client: name, detail })
  const received = yield* Queue.unbounded<Uint8Array>()
  const client = yield* childProcess({
    command,
    args: [...args, ...(options.args ?? [])],
    readyWhen: connected,
    readyWithinMillis: withinMillis,
    onStdout: datagrams((bytes) => void Queue.offerUnsafe(received, bytes))
  }).pipe(Effect.mapError((error) => failed("NoSession", error.detail)))

  const send = (bytes: Uint8Array) =>
    line !== undefined
      ? client.write(line(bytes))
      : // A write is one record only if the program read the one before.
        Effect.andThen(client.write(bytes), pause(millisBetweenWrites))
  const receive = Effect.raceFirst(
    Queue.take(received),
    Effect.andThen(
      pause(withinMillis),
      Effect.suspend(() => Effect.fail(failed("NoResponse", client.output())))
    )
  )

  const answerTo = Effect.fnUntraced(function* (token: Uint8Array) {
    while (true) {
      const bytes = yield* receive
      const message = Result.getOrUndefined(decode(bytes))
      if (message === undefined) {
        return yield* failed("NoResponse", `no CoAP message: ${Buffer.from(bytes).toString("hex")}`)
      }
      if (message.code === Code.Empty || Buffer.compare(message.token, token) !== 0) {
        if (message.type === "RST") return yield* failed("NoResponse", "Reset")
        continue
      }
      if (message.type === "CON") yield* send(encodeEmpty("ACK", message.messageId))
      return { ...message, code: formatCode(message.code) }
    }
  })
  const repeat = Effect.fnUntraced(function* (bytes: Uint8Array) {
    for (let millis = ackTimeoutMillis; ; millis *= 2) {
      yield* pause(millis)
      yield* send(bytes)
    }
  })

  let messageId = Math.floor(Math.random() * 0x10000)
  const request = Effect.fnUntraced(function* (request: CoapRequest) {
    messageId = (messageId + 1) & 0xffff
    const token = Uint8Array.of(messageId >> 8, messageId & 0xff)
    const bytes = encode(messageOf(request, messageId, token)).slice()
    yield* send(bytes)
    return yield* request.confirmable === false ? answerTo(token) : Effect.raceFirst(answerTo(token), repeat(bytes))
  })
  return { request, send, receive, output: client.output, close: Effect.andThen(client.closeStdin, client.exit) }
})

const messageOf = (request: CoapRequest, messageId: number, token: Uint8Array): Message => {
  const segments = request.path.split("/").slice(1)
  return {
    type: request.confirmable === false ? "NON" : "CON",
    code: methodCodes[request.method],
    messageId,
    token,
    options: [...segments.map((segment) => stringOption(OptionNumber.UriPath, segment)), ...(request.options ?? [])],
    payload: request.payload ?? noBytes
  }
}

const methodCodes = { GET: Code.Get, POST: Code.Post, PUT: Code.Put, DELETE: Code.Delete, FETCH: Code.Fetch }
const pause = (millis: number): Effect.Effect<void> =>
  Effect.promise((signal) => wait(millis, undefined, { signal }).catch(() => undefined))

const millisBetweenWrites = 25
/** ACK_TIMEOUT of RFC 7252 §4.2, without its randomness. An empty ACK stops nothing here: a copy does no harm. */
const ackTimeoutMillis = 2_000
