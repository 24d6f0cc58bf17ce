import { HttpApiError, HttpApiMiddleware, HttpApiSecurity, OpenApi } from "effect/http-api"
import { linked } from "./Linked.ts"

/** The bearer token is missing or another one. */
export class Unauthorized extends HttpApiError.Problem<Unauthorized>()(
  "Unauthorized",
  {
    type: "urn:roost:problem:unauthorized",
    status: 401,
    title: "The request needs a valid bearer token."
  },
  linked("unauthorized")
) {}

const bearer = HttpApiSecurity.http({ scheme: "bearer" }).pipe(
  HttpApiSecurity.annotateMerge(
    OpenApi.annotations({
      description:
        "What the service was started with as ROOST_API_TOKEN. `npm start` makes one up, keeps it as `apiToken` in " +
        "`.roost/secrets.json` and prints a command that reads it."
    })
  )
)

/** `Authorization: Bearer ROOST_API_TOKEN` (docs/architecture.md §6); implemented by `@roost/http`. */
export class Authorization extends HttpApiMiddleware.Service<Authorization>()("@roost/contracts/Authorization", {
  security: { bearer },
  error: Unauthorized
}) {}
