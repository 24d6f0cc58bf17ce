import { requestParseOptions } from "@roost/contracts"
import { Effect, Schema, type SchemaIssue } from "effect"
import type { HttpApiEndpoint } from "effect/http-api"
import { Failure } from "../Failure.ts"
import type { Request } from "./Api.ts"
import { flagNameOf } from "./FieldFlag.ts"
import type { Field, Operation } from "./Operation.ts"

/** A request as it goes over the wire: texts in path and query, JSON in the body. */
export interface Written {
  readonly params: Readonly<Record<string, unknown>>
  readonly query: Readonly<Record<string, unknown>>
  readonly headers: Readonly<Record<string, unknown>>
  /** Undefined where the operation has no body. */
  readonly body: unknown
}

/** The request as the endpoint's own schemas read it, so that what is wrong with it is told before anything is sent. */
export const requestOf = Effect.fnUntraced(function* (operation: Operation, written: Written) {
  const { endpoint } = operation
  const texts = Object.fromEntries(
    Object.entries(written.query).map(([name, value]) => [name, Array.isArray(value) ? value.join(",") : String(value)])
  )
  const params = yield* decode(operation, "params", endpoint.params, written.params)
  const query = yield* decode(operation, "query", endpoint.query, texts)
  const payload = yield* decode(operation, "payload", payloadOf(endpoint), written.body)
  const more = Object.fromEntries(Object.entries(written.headers).map(([name, value]) => [name, String(value)]))
  return { params, query, payload, headers: {}, more } satisfies Request
})

const payloadOf = (endpoint: HttpApiEndpoint.Top): Schema.Top | undefined => {
  for (const { schemas } of endpoint.payload.values()) return schemas.length === 1 ? schemas[0] : Schema.Union(schemas)
  return undefined
}

const decode = (
  operation: Operation,
  part: "params" | "query" | "payload",
  schema: Schema.Top | undefined,
  value: unknown
): Effect.Effect<unknown, Failure> => {
  if (schema === undefined || value === undefined) return Effect.succeed(value)
  // Bytes are taken as they are.
  if (value instanceof Uint8Array) return Effect.succeed(value)
  const read = Schema.decodeUnknownEffect(schema as unknown as Schema.ConstraintDecoder<unknown>, requestParseOptions)
  return read(value).pipe(Effect.catch(({ issue }) => unusable(operation, part, issue)))
}

/** In the words of the API, by the names that stand on the command line. */
const unusable = Effect.fnUntraced(function* (operation: Operation, part: string, issue: SchemaIssue.Issue) {
  const { requestFaults, spelledOut } = yield* Effect.promise(() => import("@roost/http"))
  const faults = requestFaults([], issue).map(({ message, path: [name = "", ...rest] }) => {
    const field = operation.fields.find((candidate) => candidate.name === name && candidate.place === places[part])
    return { message, path: [field === undefined ? name : shownName(operation, field), ...rest] }
  })
  return yield* new Failure({
    outcome: "unusable",
    what: spelledOut(faults),
    expected: operation.summary,
    cure: "--help has what the command takes"
  })
})

const places: Readonly<Record<string, Field["place"]>> = { params: "path", query: "query", payload: "body" }

const shownName = (operation: Operation, field: Field): string =>
  field.place === "path" ? field.name : `--${flagNameOf(operation, field)}`
