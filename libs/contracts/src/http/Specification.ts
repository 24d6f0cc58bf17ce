import * as Context from "effect/Context"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { HttpApi, type HttpApiGroup, OpenApi } from "effect/http-api"
import { AccessRule, rolesOf } from "../access/AccessRule.ts"
import { ContentTooLarge, IdempotencyKeyReused, UnsupportedMediaType } from "./RequestProblems.ts"

type Spec = OpenApi.OpenAPISpec
type Operation = OpenApi.OpenAPISpecOperation
type Json = Readonly<Record<string, unknown>>

/**
 * Adds to a specification what Effect does not derive from the schemas of its API, for all endpoints alike. Numbers in queries are numbers.
 * An operation has its roles, `Idempotency-Key`, and every status that the server answers by itself, with its headers. A body of which
 * nothing is required may be left out; names that make good names in generated clients.
 */
export const completeSpecification = <Id extends string, Groups extends HttpApiGroup.Constraint>(
  api: HttpApi.HttpApi<Id, Groups>
) => {
  const schemaOf = queryTypes(api)
  const roles = rolesByOperation(api)
  return (derived: Record<string, unknown>): Record<string, unknown> => {
    const spec = derived as unknown as Spec
    for (const item of Object.values(spec.paths)) {
      for (const [method, operation] of Object.entries(item) as ReadonlyArray<[string, Operation]>) {
        const allowed = roles.get(operation.operationId)
        complete(operation, method, spec, schemaOf)
        if (allowed !== undefined) Object.assign(operation, { "x-roost-roles": allowed })
      }
    }
    const tags = new Map(spec.tags.map((tag) => [tag.name, tag]))
    const info = { ...spec.info, contact: { name: "Who operates this Roost" } }
    return { ...(plainNames(spec) as object), info, tags: [...tags.values()] }
  }
}

/** The problems that the server answers beside those that endpoints declare. */
export const serverProblems = [ContentTooLarge, UnsupportedMediaType, IdempotencyKeyReused]

const complete = (operation: Operation, method: string, spec: Spec, schemaOf: QueryTypes): void => {
  for (const parameter of operation.parameters) {
    const typed = schemaOf(operation.operationId, parameter.name) ?? (parameter.schema as Json)
    const { description, ...schema } = typed
    Object.assign(parameter, { schema }, description === undefined ? {} : { description })
  }
  // `createProduct`, not `products.createProduct`: clients have the tag as the name of a class or a module.
  operation.operationId = operation.operationId.split(".").at(-1)!
  nameBodies(operation, spec)
  if (operation.requestBody !== undefined) {
    addProblem(operation, "ContentTooLarge", new ContentTooLarge())
    addProblem(operation, "UnsupportedMediaType", new UnsupportedMediaType())
    if (!needsBody(operation.requestBody, spec)) Object.assign(operation.requestBody, { required: false })
  }
  if (method === "post") {
    operation.parameters.push(idempotencyKey)
    addProblem(operation, "IdempotencyKeyReused", new IdempotencyKeyReused())
  }
  for (const [status, headers] of Object.entries(statusHeaders)) {
    const response = operation.responses[Number(status)]
    if (response !== undefined) response.headers = headers
  }
}

/** Generated clients make a class of every object: those that only one operation has are called after it. */
const nameBodies = ({ operationId, requestBody, responses }: Operation, spec: Spec): void => {
  const name = (media: OpenApi.OpenApiSpecMediaType | undefined, suffix: string) => {
    if (media?.schema["type"] !== "object") return
    const key = `${operationId.charAt(0).toUpperCase()}${operationId.slice(1)}${suffix}`
    spec.components.schemas[key] = media.schema
    media.schema = { $ref: `#/components/schemas/${key}` }
  }
  name(requestBody?.content["application/json"], "Request")
  for (const [status, { content }] of Object.entries(responses)) {
    if (status.startsWith("2")) name(content?.["application/json"], "Result")
  }
}

type QueryTypes = (operationId: string, name: string) => Json | undefined

/** A query is decoded from texts, and Effect describes those; a client wants to know what they are texts of. */
const queryTypes = <Id extends string, Groups extends HttpApiGroup.Constraint>(
  api: HttpApi.HttpApi<Id, Groups>
): QueryTypes => {
  const types = new Map<string, Readonly<Record<string, Json>>>()
  HttpApi.reflect(api, {
    onGroup: () => {},
    onEndpoint: ({ endpoint, group }) => {
      if (endpoint.query === undefined) return
      const { schema } = Schema.toJsonSchemaDocument(Schema.toType(endpoint.query))
      types.set(`${group.identifier}.${endpoint.identifier}`, schema["properties"] as Record<string, Json>)
    }
  })
  return (operationId, name) => types.get(operationId)?.[name]
}

const rolesByOperation = <Id extends string, Groups extends HttpApiGroup.Constraint>(
  api: HttpApi.HttpApi<Id, Groups>
): ReadonlyMap<string, ReadonlyArray<string>> => {
  const roles = new Map<string, ReadonlyArray<string>>()
  HttpApi.reflect(api, {
    onGroup: () => {},
    onEndpoint: ({ endpoint, group }) => {
      const rule = Context.getOption(endpoint.annotations, AccessRule)
      if (Option.isSome(rule)) roles.set(`${group.identifier}.${endpoint.identifier}`, rolesOf(rule.value))
    }
  })
  return roles
}

interface Problem {
  readonly status: number
  readonly title: string
}

const addProblem = (operation: Operation, name: string, { status, title }: Problem): void => {
  const schema = { $ref: `#/components/schemas/${name}` }
  const known = operation.responses[status]
  const media = known?.content?.["application/problem+json"]
  if (known === undefined || media === undefined) {
    operation.responses[status] = { description: title, content: { "application/problem+json": { schema } } }
    return
  }
  known.description = `${known.description} | ${title}`
  const others = (media.schema["anyOf"] as ReadonlyArray<object> | undefined) ?? [media.schema]
  media.schema = { anyOf: [...others, schema] }
}

/** The server reads no body as `{}`. */
const needsBody = ({ content }: OpenApi.OpenAPISpecRequestBody, spec: Spec): boolean => {
  const schema = content["application/json"]?.schema
  const name = (schema?.["$ref"] as string | undefined)?.split("/").at(-1)
  const whole = name === undefined ? schema : spec.components.schemas[name]
  return whole?.["type"] !== "object" || whole["required"] !== undefined || whole["minProperties"] !== undefined
}

const idempotencyKey: OpenApi.OpenAPISpecParameter = {
  name: "Idempotency-Key",
  in: "header",
  required: false,
  description:
    "Of your own making, one for each new request: who repeats the request with it gets its answer, and nothing is done twice.",
  schema: { type: "string", pattern: "^[!-~]{1,255}$" }
}

const header = (description: string, schema: object): OpenApi.OpenAPISpecHeader => ({
  description,
  required: true,
  schema
})
const statusHeaders = {
  401: { "WWW-Authenticate": header("The challenge (RFC 9110 §11.6.1).", { type: "string" }) },
  // Not of each refusal with this status: a device's full queue has no time at which it will be empty.
  429: {
    "Retry-After": {
      ...header("Of who makes too many requests: seconds after which the next one is taken.", { type: "integer" }),
      required: false
    }
  },
  503: { "Retry-After": header("Seconds after which to try again.", { type: "integer" }) }
} as const

/** Effect calls the JSON form of a class `XEncoded`; there is no other form in a specification. */
const plainNames = (spec: Spec): unknown => {
  const { schemas } = spec.components
  const renamed = new Map<string, string>()
  for (const name of Object.keys(schemas)) {
    const plain = name.replace(/Encoded\d*$/, "")
    const other = schemas[plain]
    if (plain === name || (other !== undefined && other["$ref"] !== `#/components/schemas/${name}`)) continue
    renamed.set(name, plain)
    delete schemas[plain]
  }
  const walk = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(walk)
    if (typeof value !== "object" || value === null) return value
    const { anyOf, ...rest } = value as { readonly anyOf?: ReadonlyArray<object> }
    // Numbers as they were written (`JsonNumber`) have a second form, of which Effect has no schema: in JSON it is a number, too.
    const forms = anyOf?.filter((form) => Object.keys(form).length > 0)
    if (forms?.length === 1) return walk({ ...forms[0], ...rest })
    const entries = Object.entries(value).map(([key, inner]) => {
      // One value is a constant: clients make a type of every `enum`.
      if (key === "enum" && Array.isArray(inner) && inner.length === 1) return ["const", inner[0]]
      if (key !== "$ref" || typeof inner !== "string") return [key, walk(inner)]
      const name = inner.split("/").at(-1)!
      return [key, `#/components/schemas/${renamed.get(name) ?? name}`]
    })
    return Object.fromEntries(entries)
  }
  const walked = walk(spec) as { components: { schemas: Record<string, unknown> } }
  walked.components.schemas = Object.fromEntries(
    Object.entries(walked.components.schemas)
      .map(([name, schema]) => [renamed.get(name) ?? name, schema] as const)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
  )
  return walked
}
