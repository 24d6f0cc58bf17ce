import { Setting, tlsMismatch } from "@roost/contracts"
import { Config, Data, Effect, Option, Schema } from "effect"

const address = "expected an address that begins with http:// or https://, without a login"
const Endpoint = Schema.String.check(Schema.isPattern(/^https?:\/\/[^\s?#@]+$/, { message: address }))

const headersMessage = "expected NAME=value, with commas between them, and values percent-encoded"
const Headers = Schema.String.annotate({ message: headersMessage }).check(
  Schema.makeFilter((text) => (headersOf(text) === undefined ? headersMessage : undefined))
)

/** Where spans and metrics go. */
export const OtlpReceiver = Setting.all({
  endpoint: Setting.withDefault(
    "ROOST_OTLP_ENDPOINT",
    "where spans and metrics go, by OTLP as JSON; /v1/traces and /v1/metrics are added",
    (name) => Config.schema(Endpoint, name),
    "http://127.0.0.1:4318"
  ),
  headers: Setting.optional(
    "ROOST_OTLP_HEADERS",
    "headers that go with them, such as a login: NAME=value,NAME=value, values percent-encoded",
    (name) => Config.map(Config.schema(Headers, name), (text) => headersOf(text)!),
    { secret: true }
  )
})
export type OtlpReceiver = Config.Success<typeof OtlpReceiver>

/** The receiver did not take a request; says why. */
export class NotTaken extends Data.TaggedError("NotTaken")<{ readonly reason: string }> {}

export const otlpUrl = ({ endpoint }: OtlpReceiver, path: string): string => `${endpoint.replace(/\/+$/, "")}${path}`

/** How much of a request a receiver left out though it took the request (OTLP, "Partial Success"), and why. */
export interface LeftOut {
  /** Spans, or points of metrics. */
  readonly count: number
  readonly message: string
}

/** Sends one request, once. Gives what the receiver left out of it; undefined: nothing. */
export const sendOtlp = (to: OtlpReceiver, path: string, body: string): Effect.Effect<LeftOut | undefined, NotTaken> =>
  Effect.tryPromise({
    try: async (signal) => {
      const response = await fetch(otlpUrl(to, path), {
        method: "POST",
        body,
        headers: { ...to.headers, "content-type": "application/json" },
        // The headers are for this receiver alone.
        redirect: "manual",
        signal
      })
      if (!response.ok) {
        await response.body?.cancel()
        throw new Error(`it answered ${response.status}`)
      }
      return leftOutOf(await beginningOf(response))
    },
    catch: (error) => new NotTaken({ reason: tlsMismatch(error, to.endpoint) ?? reasonOf(error) })
  }).pipe(
    Effect.timeoutOrElse({
      duration: requestMillisMax,
      orElse: () => Effect.fail(new NotTaken({ reason: `no answer within ${requestMillisMax / 1_000} s` }))
    })
  )

/** An answer is some dozen bytes; of a longer one nothing is read. */
const beginningOf = async ({ body }: Response): Promise<string> => {
  const chunks: Array<Uint8Array> = []
  let bytes = 0
  if (body !== null) {
    for await (const chunk of body) {
      bytes += chunk.length
      if (bytes > answerBytesMax) return ""
      chunks.push(chunk)
    }
  }
  return Buffer.concat(chunks).toString("utf8")
}

/** An answer that can't be read says nothing: the receiver took the request. */
const leftOutOf = (answer: string): LeftOut | undefined =>
  Option.match(decodeAnswer(answer), {
    onNone: () => undefined,
    onSome: ({ partialSuccess }) => {
      const count = Number(partialSuccess?.rejectedSpans ?? partialSuccess?.rejectedDataPoints ?? 0)
      return count > 0 ? { count, message: partialSuccess?.errorMessage || "it says no reason" } : undefined
    }
  })

/** The counts are 64 bits wide, which the JSON of protobuf writes as text. */
const Count = Schema.optionalKey(Schema.Union([Schema.String, Schema.Number]))
const decodeAnswer = Schema.decodeUnknownOption(
  Schema.fromJsonString(
    Schema.Struct({
      partialSuccess: Schema.optionalKey(
        Schema.Struct({
          rejectedSpans: Count,
          rejectedDataPoints: Count,
          errorMessage: Schema.optionalKey(Schema.String)
        })
      )
    })
  )
)

/** In lower case, as `fetch` compares them; undefined where that is no list of headers. The form is that of OTEL_EXPORTER_OTLP_HEADERS. */
const headersOf = (text: string): Readonly<Record<string, string>> | undefined => {
  const headers: Record<string, string> = {}
  for (const part of text.split(",")) {
    const [, name, value] = /^\s*([A-Za-z0-9!#$%&'*+.^_`|~-]+)\s*=(.*)$/s.exec(part) ?? []
    const decoded = decodedOf(value?.trim() ?? "")
    if (name === undefined || decoded === undefined || !/^[\x20-\x7e]+$/.test(decoded)) return undefined
    headers[name.toLowerCase()] = decoded
  }
  return headers
}

const decodedOf = (value: string): string | undefined => {
  try {
    return decodeURIComponent(value)
  } catch {
    return undefined
  }
}

/** The error that `fetch` fails with has its reason as its cause. */
const reasonOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  return error.cause === undefined ? error.message : `${error.message}: ${String(error.cause)}`
}

const requestMillisMax = 5_000
const answerBytesMax = 16 * 1024
