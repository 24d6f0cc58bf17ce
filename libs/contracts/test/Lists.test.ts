import { assert, describe, it } from "@effect/vitest"
import { OpenApi } from "effect/http-api"
import { DownlinkApi, RegistryApi } from "../src/index.ts"

interface Json {
  readonly [key: string]: unknown
}
type Fields = Readonly<Record<string, Json>>

const apis = { registry: OpenApi.fromApi(RegistryApi), "downlink-queue": OpenApi.fromApi(DownlinkApi) }

const gets = Object.entries(apis).flatMap(([api, spec]) => {
  const schemas = spec.components.schemas as Fields
  const resolved = (schema: Json | undefined): Json | undefined =>
    schema?.["$ref"] === undefined ? schema : schemas[String(schema["$ref"]).split("/").at(-1)!]
  return Object.entries(spec.paths).flatMap(([path, { get }]) => {
    const answer = resolved(get?.responses[200]?.content?.["application/json"]?.schema as Json | undefined)
    if (get === undefined || answer?.["properties"] === undefined) return []
    return [{ name: `${api} ${path}`, path, get, fields: answer["properties"] as Fields, resolved }]
  })
})

describe("the lists of both APIs", () => {
  it("take `cursor` and `limit` and answer `nextCursor`, or have no pages at all", () => {
    const paged = gets.map(({ fields, get, name }) => {
      const asked = get.parameters.filter((parameter) => parameter.in === "query").map((parameter) => parameter.name)
      const words = [...asked.toSorted(), ...Object.keys(fields)]
      return [name, words.filter((word) => /cursor|limit|page|next|offset/i.test(word)).join()] as const
    })
    assert.deepStrictEqual(new Set(paged.map(([, words]) => words)), new Set(["cursor,limit,nextCursor", ""]))
    assert.includeDeepMembers(paged, [
      ["registry /v1/products", "cursor,limit,nextCursor"],
      ["downlink-queue /v1/products/{productKey}/devices/{deviceKey}/commands", "cursor,limit,nextCursor"]
    ])
  })

  it("show of each item what reading it alone shows, but for what is said here", () => {
    const lacks = gets.flatMap(({ fields, name, path, resolved }) => {
      const single = gets.find((other) => other.path.replace(/\/\{\w+\}$/, "") === path && other.path !== path)
      const items = Object.values(fields).find((field) => field["type"] === "array")
      const shown = resolved(items?.["items"] as Json | undefined)?.["properties"]
      if (single === undefined || shown === undefined) return []
      const missing = Object.keys(single.fields).filter((field) => !Object.hasOwn(shown as Fields, field))
      return [[name, missing.join()]]
    })
    assert.deepStrictEqual(lacks, [
      // A reader of a list on a screen has no use for secrets.
      ["registry /v1/products", "productSecret"],
      // A definition has half a megabyte.
      ["registry /v1/models", "model"],
      ["registry /v1/products/{productKey}/devices", ""],
      ["registry /v1/webhooks", ""],
      ["registry /v1/sinks", ""],
      // The entries of a recording have megabytes.
      ["registry /v1/recordings", "recording,entries"],
      ["registry /v1/access/keys", ""]
    ])
  })
})
