import { HttpApiError, HttpApiMiddleware, HttpApiSecurity } from "effect/http-api"

/** The bearer token is missing or another one. */
export class Unauthorized extends HttpApiError.Problem<Unauthorized>()("Unauthorized", {
  type: "urn:roost:problem:unauthorized",
  status: 401,
  title: "The request needs a valid bearer token."
}) {}

/** `Authorization: Bearer ROOST_API_TOKEN` (docs/architecture.md §6); implemented by `@roost/http`. */
export class Authorization extends HttpApiMiddleware.Service<Authorization>()("@roost/contracts/Authorization", {
  security: { bearer: HttpApiSecurity.bearer },
  error: Unauthorized
}) {}
