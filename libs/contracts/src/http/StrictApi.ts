import { HttpApi, type HttpApiGroup, OpenApi } from "effect/http-api"
import { Authorization } from "./Authorization.ts"
import { RequestRules } from "./RequestProblems.ts"
import { completeSpecification, serverProblems } from "./Specification.ts"

/**
 * An API that takes what its specification says and nothing else. Unknown fields and query parameters are faults, every fault of a
 * request is told at once, with what came. Answers are not held to it: a field that a newer instance stored is left out.
 */
export const strictApi = <Id extends string, Groups extends HttpApiGroup.Constraint>(
  api: HttpApi.HttpApi<Id, Groups>
) =>
  api
    // A caller without a token is told so before anything else: the later middleware is the outer one.
    .middleware(RequestRules)
    .middleware(Authorization)
    .annotate(HttpApi.ParamsParseOptions, requestParseOptions)
    .annotate(HttpApi.QueryParseOptions, requestParseOptions)
    .annotate(HttpApi.PayloadParseOptions, requestParseOptions)
    .annotate(HttpApi.AdditionalSchemas, serverProblems)
    .annotateMerge(
      OpenApi.annotations({
        license: { name: "Apache-2.0", identifier: "Apache-2.0" },
        servers: [{ url: "/", description: "The service that this document comes from." }],
        transform: completeSpecification(api)
      })
    )

export const requestParseOptions = { errors: "all", onExcessProperty: "error", reportInput: true } as const
