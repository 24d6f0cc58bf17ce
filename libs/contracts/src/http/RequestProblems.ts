import * as Schema from "effect/Schema"
import { HttpApiError, HttpApiMiddleware } from "effect/http-api"
import { linked } from "./Linked.ts"

/** A request's fault and its place: `path` begins with `params`, `query`, `headers` or `payload`. */
export const RequestFault = Schema.Struct({
  path: Schema.Array(Schema.String),
  message: Schema.String
}).annotate({ identifier: "RequestFault" })
export type RequestFault = typeof RequestFault.Type

/** The request is not what the specification says; `errors` has all that is wrong with it. */
export class BadRequest extends HttpApiError.Problem<BadRequest>()(
  "BadRequest",
  { type: "urn:roost:problem:bad-request", status: 400, title: "The request is not what the endpoint takes." },
  { ...linked("bad-request"), errors: Schema.optionalKey(Schema.Array(RequestFault)) }
) {}

/** A fault of Roost's own, which its log explains. */
export class InternalError extends HttpApiError.Problem<InternalError>()(
  "InternalError",
  {
    type: "urn:roost:problem:internal-error",
    status: 500,
    title: "Roost failed. Its log says why."
  },
  linked("internal-error")
) {}

/** A store or another service does not answer, or this one is starting. */
export class TemporarilyUnavailable extends HttpApiError.Problem<TemporarilyUnavailable>()(
  "TemporarilyUnavailable",
  { type: "urn:roost:problem:temporarily-unavailable", status: 503, title: "Roost can't take this now. Try again." },
  {
    ...linked("temporarily-unavailable"),
    mayHaveHappened: Schema.optionalKey(
      Schema.Boolean.annotate({ description: "Whether what was asked for may have been done, in whole or in part." })
    )
  }
) {}

export class NoSuchEndpoint extends HttpApiError.Problem<NoSuchEndpoint>()(
  "NoSuchEndpoint",
  {
    type: "urn:roost:problem:no-such-endpoint",
    status: 404,
    title: "There is no such endpoint."
  },
  linked("no-such-endpoint")
) {}

/** `Allow` has the methods that the path answers. */
export class MethodNotAllowed extends HttpApiError.Problem<MethodNotAllowed>()(
  "MethodNotAllowed",
  {
    type: "urn:roost:problem:method-not-allowed",
    status: 405,
    title: "The path does not answer this method."
  },
  linked("method-not-allowed")
) {}

export class ContentTooLarge extends HttpApiError.Problem<ContentTooLarge>()(
  "ContentTooLarge",
  {
    type: "urn:roost:problem:content-too-large",
    status: 413,
    title: "The body is too large."
  },
  linked("content-too-large")
) {}

export class UnsupportedMediaType extends HttpApiError.Problem<UnsupportedMediaType>()(
  "UnsupportedMediaType",
  {
    type: "urn:roost:problem:unsupported-media-type",
    status: 415,
    title: "The endpoint does not read a body of this type."
  },
  linked("unsupported-media-type")
) {}

/** The `Idempotency-Key` came before, with another method, path or body. */
export class IdempotencyKeyReused extends HttpApiError.Problem<IdempotencyKeyReused>()(
  "IdempotencyKeyReused",
  {
    type: "urn:roost:problem:idempotency-key-reused",
    status: 422,
    title: "The Idempotency-Key belongs to another request."
  },
  linked("idempotency-key-reused")
) {}

/** A change names fields that nobody can change with other values than they have; nothing was changed. */
export class FieldsFixed extends HttpApiError.Problem<FieldsFixed>()(
  "FieldsFixed",
  { type: "urn:roost:problem:fields-fixed", status: 422, title: "Some of the fields can't be changed." },
  { ...linked("fields-fixed"), errors: Schema.Array(RequestFault) }
) {}

/** Holds every endpoint to its specification (`layerRequestRules` of `@roost/http`). */
export class RequestRules extends HttpApiMiddleware.Service<RequestRules>()("@roost/contracts/RequestRules", {
  error: [BadRequest, InternalError, TemporarilyUnavailable]
}) {}
