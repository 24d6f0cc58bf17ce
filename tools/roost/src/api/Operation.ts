import { RegistryApi } from "@roost/contracts"
import { HttpApi, type HttpApiEndpoint, OpenApi } from "effect/http-api"

/** JSON Schema, as far as flags and answers are made from it. */
export interface JsonSchema {
  readonly [keyword: string]: unknown
  readonly $ref?: string
  readonly type?: string
  readonly description?: string
  readonly enum?: ReadonlyArray<unknown>
  readonly const?: unknown
  readonly anyOf?: ReadonlyArray<JsonSchema>
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: ReadonlyArray<string>
  readonly additionalProperties?: JsonSchema | boolean
  readonly items?: JsonSchema
}

export interface Field {
  readonly name: string
  readonly place: "path" | "query" | "header" | "body"
  readonly required: boolean
  readonly description: string
  readonly schema: JsonSchema
}

/** The body of a request: fields of an object, values by name, any JSON, bytes, or lines of JSON. */
export type Body =
  | { readonly form: "fields"; readonly required: boolean }
  | { readonly form: "pairs"; readonly value: JsonSchema }
  | { readonly form: "json" | "bytes" | "lines" }

/** One operation of the HTTP API: what its specification says of it, and the endpoint that it is made from. */
export interface Operation {
  readonly id: string
  readonly group: string
  readonly method: string
  readonly path: string
  readonly summary: string
  readonly description: string
  readonly fields: ReadonlyArray<Field>
  readonly body: Body | undefined
  /** Of the answer of a success; undefined where it has none, or none in JSON. */
  readonly answer: JsonSchema | undefined
  readonly endpoint: HttpApiEndpoint.Top
  /** Schemas that the `$ref`s of its own lead to. */
  readonly definitions: Readonly<Record<string, JsonSchema>>
}

const allOperations = (): ReadonlyMap<string, Operation> => {
  const all = new Map<string, Operation>()
  const byId = operationsOfSpec(OpenApi.fromApi(RegistryApi) as unknown as Spec)
  HttpApi.reflect(RegistryApi, {
    onGroup: () => {},
    onEndpoint: ({ endpoint, group }) => {
      const id = endpoint.identifier
      const found = byId.get(id)
      if (found !== undefined) all.set(id, { ...found, id, group: group.identifier, endpoint })
    }
  })
  return all
}

interface Spec {
  readonly paths: Readonly<Record<string, Readonly<Record<string, SpecOperation>>>>
  readonly components: { readonly schemas: Readonly<Record<string, JsonSchema>> }
}

type Content = Readonly<Record<string, { readonly schema: JsonSchema }>>

interface SpecOperation {
  readonly operationId: string
  readonly summary?: string
  readonly description?: string
  readonly parameters?: ReadonlyArray<{
    readonly name: string
    readonly in: "path" | "query" | "header"
    readonly required?: boolean
    readonly description?: string
    readonly schema: JsonSchema
  }>
  readonly requestBody?: { readonly required?: boolean; readonly content: Content }
  readonly responses: Readonly<Record<string, { readonly content?: Content }>>
}

type OfSpec = Omit<Operation, "id" | "group" | "endpoint">

const operationsOfSpec = (spec: Spec): ReadonlyMap<string, OfSpec> => {
  const definitions = spec.components.schemas
  const found = new Map<string, OfSpec>()
  for (const [path, item] of Object.entries(spec.paths)) {
    for (const [method, operation] of Object.entries(item)) {
      const parameters = (operation.parameters ?? []).map(
        ({ description = "", in: place, name, required = false, schema }): Field => ({
          name,
          place,
          required,
          description,
          schema: resolve(schema, definitions)
        })
      )
      const { body, fields } = bodyOf(operation, definitions)
      const success = Object.entries(operation.responses).find(([status]) => status.startsWith("2"))?.[1]
      found.set(operation.operationId, {
        method: method.toUpperCase(),
        path,
        summary: operation.summary ?? operation.operationId,
        description: operation.description ?? "",
        fields: [...parameters, ...fields],
        body,
        answer: success?.content?.["application/json"]?.schema,
        definitions
      })
    }
  }
  return found
}

const bodyOf = (
  { requestBody }: SpecOperation,
  definitions: Operation["definitions"]
): { readonly body: Body | undefined; readonly fields: ReadonlyArray<Field> } => {
  if (requestBody === undefined) return { body: undefined, fields: [] }
  const json = requestBody.content["application/json"]?.schema
  if (json === undefined) {
    const isLines = Object.keys(requestBody.content).some((type) => /jsonl|ndjson/.test(type))
    return { body: { form: isLines ? "lines" : "bytes" }, fields: [] }
  }
  const schema = resolve(json, definitions)
  if (schema.properties !== undefined) {
    const required = new Set(schema.required)
    const fields = Object.entries(schema.properties).map(([name, of]): Field => {
      const resolved = resolve(of, definitions)
      const description = of.description ?? resolved.description ?? ""
      return { name, place: "body", required: required.has(name), description, schema: resolved }
    })
    return { body: { form: "fields", required: required.size > 0 }, fields }
  }
  const { additionalProperties } = schema
  return typeof additionalProperties === "object"
    ? { body: { form: "pairs", value: resolve(additionalProperties, definitions) }, fields: [] }
    : { body: { form: "json" }, fields: [] }
}

/** The schema that a `$ref` leads to, its own description kept. */
export const resolve = (schema: JsonSchema, definitions: Operation["definitions"]): JsonSchema => {
  if (schema.$ref === undefined) return schema
  const target = definitions[schema.$ref.split("/").at(-1)!]
  if (target === undefined) return schema
  const { $ref: _, ...beside } = schema
  return { ...resolve(target, definitions), ...beside }
}

/** All operations of the registry's address, which takes commands, too, by their id. */
export const operations: ReadonlyMap<string, Operation> = allOperations()
