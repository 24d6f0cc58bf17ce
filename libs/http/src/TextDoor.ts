import { BadRequest, UnsupportedMediaType } from "@roost/contracts"
import { findUnstorable, type JsonUnread, mayBeUnstorable, readJson } from "@roost/enos"
import { Effect, Result } from "effect"
import { type HttpServerError, HttpServerRequest, HttpServerRespondable, type HttpServerResponse } from "effect/http"
import { jsonDepthMax } from "./RequestLimits.ts"

/**
 * Every request passes this before it is routed. An address is UTF-8 without NUL, its path without control characters. `%3A` in a path is
 * `:`, so that verbs may be written either way. JSON is UTF-8 with or without byte order mark, not too deep, and its texts are such as
 * every
 * database holds. All else is answered 400 and says where; a compressed body 415 (RFC 9110 §8.4). No body is the body `{}`: what an
 * endpoint needs nothing of may be
 * left out, and what it needs is named.
 */
export const throughTextDoor = <E, R>(
  handler: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>
): Effect.Effect<HttpServerResponse.HttpServerResponse, E, R | HttpServerRequest.HttpServerRequest> =>
  Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) => {
    const [path = "", ...rest] = request.url.split("?")
    const query = rest.join("?")
    const wrong = faultOfAddress(path, "path") ?? faultOfAddress(query, "query")
    if (wrong !== undefined) return badRequest(wrong)
    const encoding = request.headers["content-encoding"] ?? "identity"
    if (!/^\s*identity\s*$/i.test(encoding)) {
      const detail = `Expected a body without Content-Encoding, got ${encoding}: no endpoint reads compressed bodies.`
      return HttpServerRespondable.toResponse(new UnsupportedMediaType({ detail }))
    }
    const routed = path.replaceAll(/%3a/gi, ":")
    const url = rest.length === 0 ? routed : `${routed}?${query}`
    return Effect.provideService(handler, HttpServerRequest.HttpServerRequest, checked(request, url))
  })

/**
 * The JSON of a request's body with its numbers as they were written (`ExactNumber`). `HttpApi` decodes the same text with
 * JavaScript's own numbers, which is right for the members that a schema types; free values are taken from here.
 */
export const writtenBody = (request: HttpServerRequest.HttpServerRequest): unknown => bodies.get(request.source)

/** Of a body that was not decoded: what the door lets through, or what is wrong with it. An empty body is undefined. */
export const readBody = (
  request: HttpServerRequest.HttpServerRequest
): Effect.Effect<unknown, JsonUnread | HttpServerError.HttpServerError> =>
  Effect.flatMap(request.arrayBuffer, (body) => {
    if (body.byteLength === 0) return Effect.undefined
    const read = readBytes(new Uint8Array(body))
    return Result.isSuccess(read) ? Effect.succeed(read.success) : Effect.fail(read.failure)
  })

const readBytes = (bytes: Uint8Array): Result.Result<unknown, JsonUnread> => {
  const read = readJson(bytes, jsonDepthMax)
  if (Result.isFailure(read) || !mayBeUnstorable(latin1(bytes))) return read
  const at = findUnstorable(read.success)
  if (at === undefined) return read
  return Result.fail({ expected: "texts without NUL and lone surrogates", got: `one at ${at === "" ? "the top" : at}` })
}

/** The same request, whose `text`, where it is JSON, is what the door let through. A body is read once: `modify` would forget that. */
const checked = (request: HttpServerRequest.HttpServerRequest, url: string): HttpServerRequest.HttpServerRequest => {
  const named: object = Object.create(request, {
    url: { value: url },
    // Of the request itself, which keeps it: whoever else looks at the body, such as for an Idempotency-Key, reads it once too.
    arrayBuffer: { get: () => request.arrayBuffer }
  })
  if (!/^$|[/+]json\s*(;|$)/i.test(request.headers["content-type"] ?? "")) {
    return named as HttpServerRequest.HttpServerRequest
  }
  const text = Effect.flatMap(request.arrayBuffer, (body) => {
    const bytes = new Uint8Array(body)
    if (bytes.length === 0) {
      bodies.set(request.source, {})
      return Effect.succeed("{}")
    }
    const read = readBytes(bytes)
    if (Result.isFailure(read)) {
      const { expected, got } = read.failure
      return Effect.flatMap(
        badRequest(`The body is not what is read here: expected ${expected}, got ${got}.`),
        Effect.die
      )
    }
    bodies.set(request.source, read.success)
    return Effect.succeed(utf8.decode(bytes))
  })
  return Object.defineProperty(named, "text", { value: text }) as HttpServerRequest.HttpServerRequest
}

/** The fault of a path or a query as text; undefined: none. */
export const faultOfAddress = (text: string, part: "path" | "query"): string | undefined => {
  if (!text.includes("%")) return undefined
  try {
    const decoded = decodeURIComponent(text)
    if (decoded.includes("\0")) return `The ${part} has a NUL (%00).`
    return part === "path" && control.test(decoded) ? "The path has a control character or a line break." : undefined
  } catch {
    return `The ${part} is no percent-encoded UTF-8.`
  }
}

/** No key has one, and the router would not find the verb behind it. */
const control = /[\p{Cc}\u2028\u2029]/u

const badRequest = (detail: string): Effect.Effect<HttpServerResponse.HttpServerResponse> =>
  HttpServerRespondable.toResponse(new BadRequest({ detail }))

const latin1 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1")

const bodies = new WeakMap<object, unknown>()
const utf8 = new TextDecoder()
