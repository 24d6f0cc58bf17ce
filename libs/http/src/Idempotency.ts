import {
  type Aead,
  BadRequest,
  CurrentIdempotentRequest,
  IdempotencyKeyReused,
  TemporarilyUnavailable
} from "@roost/contracts"
import type { NatsError } from "@roost/nats"
import { metrics } from "@roost/observability"
import { ByteSize, Cause, Effect, Layer, Result, type Types } from "effect"
import {
  HttpIncomingMessage,
  HttpRouter,
  HttpServerError,
  HttpServerRequest,
  HttpServerRespondable,
  HttpServerResponse
} from "effect/http"
import { createHash } from "node:crypto"
import { Authenticator } from "./Authenticator.ts"
import { type Answer, type IdempotencyRecords, openIdempotencyRecords } from "./IdempotencyRecords.ts"
import { requestBytesMax } from "./RequestLimits.ts"

/** Characters of an `Idempotency-Key`. */
export const idempotencyKeyLengthMax = 255

/** Bytes of an answer that is kept; a larger one is made again. */
export const keptAnswerBytesMax = 512 * 1024

export interface IdempotencyOptions {
  /** Keys of different services have nothing to do with each other. */
  readonly service: string
  /** Seals records: what a registry answers holds secrets. */
  readonly sealing?: Aead
  /** The meaning of a 2xx; EnOS's API says 200 to everything. */
  readonly outcomeOf?: (path: string, body: Uint8Array) => Outcome
}

/** `Refused`: nothing was made. `Open`: something may have been; the request may run again. */
export type Outcome = "Done" | "Refused" | "Open"

/**
 * `Idempotency-Key` on every POST (draft-ietf-httpapi-idempotency-key-header): who repeats a request whose answer was lost gets that
 * answer, and nothing is made twice. Kept for `Buckets.idempotency.ttlMillis`, by all instances, beyond a crash: a run that broke off
 * is run again as the same request (`CurrentIdempotentRequest`). Another body under the same key is 422. Errors are not kept: they are
 * found out anew.
 */
export const layerIdempotency = (options: IdempotencyOptions) =>
  Layer.unwrap(
    Effect.gen(function* () {
      const records = yield* openIdempotencyRecords(options.service, options.sealing)
      const { authenticate } = yield* Authenticator
      const middleware = (handler: Handler) =>
        Effect.gen(function* () {
          const request = yield* HttpServerRequest.HttpServerRequest
          const key = request.method === "POST" ? request.headers["idempotency-key"] : undefined
          if (key === undefined) return yield* handler
          const caller = yield* authenticate(request)
          // A caller that nobody knows is answered 401 by the endpoint, and leaves no record.
          if (caller._tag !== "Authenticated") return yield* handler
          // Of one caller's keys another one knows nothing: answers have secrets.
          const { id, kind } = caller.principal
          const own = kind === "token" ? records : records.of(`${kind} ${id}`)
          return yield* withKey(own, options, request, key, handler)
        })
      return HttpRouter.middleware(middleware, { global: true })
    })
  )

type Handler = Effect.Effect<
  HttpServerResponse.HttpServerResponse,
  Types.unhandled,
  HttpServerRequest.HttpServerRequest
>

const withKey = Effect.fnUntraced(function* (
  records: IdempotencyRecords,
  { outcomeOf = () => "Done" }: IdempotencyOptions,
  request: HttpServerRequest.HttpServerRequest,
  header: string,
  handler: Handler
) {
  const key = keyOf(header)
  if (key === undefined) return yield* malformedKey
  const read = yield* Effect.result(fingerprintOf(request))
  if (Result.isFailure(read)) return (yield* HttpServerError.causeResponse(Cause.fail(read.failure)))[0]
  const fingerprint = read.success
  const begun = yield* Effect.result(records.begin(key, fingerprint))
  if (Result.isFailure(begun)) return yield* unavailable(begun.failure)
  const known = begun.success
  if (known.fingerprint !== fingerprint) return yield* otherRequest
  if (known.answer !== undefined) {
    replayed.inc()
    return responseOf(known.answer)
  }
  const { again, at, seed } = known
  const response = yield* Effect.provideService(handler, CurrentIdempotentRequest, {
    seed: Buffer.from(seed, "base64"),
    at,
    again
  })
  const { body, status } = response
  const bytes = body._tag === "Uint8Array" ? body.body : body._tag === "Empty" ? new Uint8Array(0) : undefined
  const outcome = status >= 300 ? outcomeOfError(status) : bytes === undefined ? "Open" : outcomeOf(request.url, bytes)
  // A refusal binds the key to nothing.
  if (outcome === "Refused") yield* Effect.ignore(records.release(key, known))
  if (outcome !== "Done" || bytes === undefined || bytes.length > keptAnswerBytesMax) return response
  const answer: Answer = {
    status,
    ...(body._tag === "Empty" || body.contentType === undefined ? {} : { contentType: body.contentType }),
    body: Buffer.from(bytes).toString("base64")
  }
  const counts = yield* records.finish(key, known, answer).pipe(
    // It is done; a repetition runs as the same request and finds what is there.
    Effect.catch((error) => Effect.as(Effect.logWarning(error.message), answer))
  )
  return counts === answer ? response : responseOf(counts)
})

/** Bare, or the string in quotes that the draft asks for. */
const keyOf = (header: string): string | undefined => {
  const key = /^"(.*)"$/.exec(header)?.[1] ?? header
  return key.length <= idempotencyKeyLengthMax && /^[\x21-\x7e]+$/.test(key) ? key : undefined
}

/** The body of an import is read as it comes: its lines are known by their own keys. */
const fingerprintOf = Effect.fnUntraced(function* (request: HttpServerRequest.HttpServerRequest) {
  const hash = createHash("sha256").update(`${request.method} ${request.url}\n`)
  const type = request.headers["content-type"] ?? ""
  if (!/^application\/(x-ndjson|jsonl)\b/i.test(type)) {
    const body = yield* Effect.provideService(
      request.arrayBuffer,
      HttpIncomingMessage.MaxBodySize,
      ByteSize.bytes(requestBytesMax)
    )
    hash.update(new Uint8Array(body))
  }
  return hash.digest("hex")
})

/** A conflict may be with what an earlier run made. */
const outcomeOfError = (status: number): Outcome =>
  status < 500 && status !== 409 && status !== 429 ? "Refused" : "Open"

const responseOf = ({ body, contentType, status }: Answer): HttpServerResponse.HttpServerResponse => {
  const headers = { "idempotency-replayed": "true" }
  const bytes = Buffer.from(body, "base64")
  return bytes.length === 0
    ? HttpServerResponse.empty({ status, headers })
    : HttpServerResponse.uint8Array(bytes, { status, headers, ...(contentType === undefined ? {} : { contentType }) })
}

const unavailable = (error: NatsError) =>
  Effect.andThen(
    Effect.logWarning(error.message),
    HttpServerRespondable.toResponse(
      new TemporarilyUnavailable({
        detail: "The store of idempotency keys does not answer or is full. Nothing was done.",
        mayHaveHappened: false
      })
    )
  )

const malformedKey = Effect.suspend(() => {
  const message = `expected 1 to ${idempotencyKeyLengthMax} printable ASCII characters without blanks`
  const path = ["headers", "idempotency-key"]
  return HttpServerRespondable.toResponse(
    new BadRequest({ detail: `${path.join(".")}: ${message}`, errors: [{ path, message }] })
  )
})

const otherRequest = HttpServerRespondable.toResponse(
  new IdempotencyKeyReused({
    detail: "It came before with another method, path or body. Use a new key for each new request."
  })
)

const replayed = metrics.counter("roost_http_replayed_total", "Answers given again to an Idempotency-Key.")
