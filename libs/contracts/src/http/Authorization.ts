import * as Schema from "effect/Schema"
import { HttpApiError, HttpApiMiddleware, HttpApiSecurity, OpenApi } from "effect/http-api"
import { Role } from "../access/Principal.ts"
import { linked } from "./Linked.ts"

/** No credential came, or none that is good (RFC 9110 §15.5.2). */
export class Unauthorized extends HttpApiError.Problem<Unauthorized>()(
  "Unauthorized",
  {
    type: "urn:roost:problem:unauthorized",
    status: 401,
    title: "The request needs a valid bearer token."
  },
  linked("unauthorized")
) {}

/** The caller is known, and may not do this (RFC 9110 §15.5.4). */
export class Forbidden extends HttpApiError.Problem<Forbidden>()(
  "Forbidden",
  { type: "urn:roost:problem:forbidden", status: 403, title: "The caller's role does not allow this." },
  {
    ...linked("forbidden"),
    needed: Schema.Array(Role).annotate({ description: "Each of these roles would do." }),
    had: Schema.Array(Role).annotate({ description: "The roles of who asked." })
  }
) {}

/** `Retry-After` has the seconds after which the next request is taken (RFC 6585 §4). */
export class TooManyRequests extends HttpApiError.Problem<TooManyRequests>()(
  "TooManyRequests",
  { type: "urn:roost:problem:rate-exceeded", status: 429, title: "The caller makes more requests than it may." },
  linked("rate-exceeded")
) {}

const bearer = HttpApiSecurity.http({ scheme: "bearer" }).pipe(
  HttpApiSecurity.annotateMerge(
    OpenApi.annotations({
      description:
        "An API key (`POST /v1/access/keys`), or what the service was started with as ROOST_API_TOKEN. `npm start` makes the token up, " +
        "keeps it as `apiToken` in `.roost/secrets.json` and prints a command that reads it."
    })
  )
)

/** Finds who asks, and whether the endpoint's `AccessRule` lets them (docs/architecture.md §6); implemented by `@roost/http`. */
export class Authorization extends HttpApiMiddleware.Service<Authorization>()("@roost/contracts/Authorization", {
  security: { bearer },
  error: [Unauthorized, Forbidden, TooManyRequests]
}) {}
