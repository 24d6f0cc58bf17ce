import { assert, describe, it } from "@effect/vitest"
import { downlinkService, registryService } from "@roost/contracts"
import { readFileSync } from "node:fs"
import { resolve } from "node:path"
import { type HttpApi, type HttpApiGroup, OpenApi } from "effect/http-api"

type Api = HttpApi.HttpApi<string, HttpApiGroup.Constraint>

for (const { api, service } of [registryService, downlinkService]) {
  const spec = OpenApi.fromApi(api as unknown as Api)
  const operations = Object.entries(spec.paths).flatMap(([path, item]) =>
    (Object.entries(item) as ReadonlyArray<[string, OpenApi.OpenAPISpecOperation]>).map(
      ([method, operation]) => ({ name: `${method} ${path}`, method, operation }) as const
    )
  )

  describe(`the specification of ${service}`, () => {
    it("names operations as methods of a client, each once, and says what they do", () => {
      const ids = operations.map(({ operation }) => operation.operationId)
      assert.deepStrictEqual(
        ids.filter((id, i) => !/^[a-z]+[A-Za-z]+$/.test(id) || ids.indexOf(id) !== i),
        []
      )
      const silent = operations.filter(({ operation }) => !operation.description || !operation.summary)
      assert.deepStrictEqual(
        silent.map(({ name }) => name),
        []
      )
    })

    it("describes its tags, and has each once", () => {
      const names = spec.tags.map(({ name }) => name)
      assert.strictEqual(new Set(names).size, names.length)
      assert.isTrue(spec.tags.every(({ description, name }) => /^[A-Z]/.test(name) && description !== undefined))
      assert.isTrue(operations.every(({ operation }) => operation.tags.every((tag) => names.includes(tag))))
    })

    it("is the file in openapi/, which `npm run docs -- --write` makes anew", () => {
      const name = service === "registry" ? "registry" : "downlink"
      const file = readFileSync(resolve(import.meta.dirname, `../../../openapi/${name}.json`), "utf8")
      assert.deepStrictEqual(JSON.parse(file), JSON.parse(JSON.stringify(spec)))
    })

    it("names schemas as they are called here", () => {
      assert.deepStrictEqual(
        Object.keys(spec.components.schemas).filter((name) => /Encoded|\d$/.test(name)),
        []
      )
    })

    it("has keys with their pattern, and numbers as numbers", () => {
      const parameters = operations.flatMap(({ operation }) => operation.parameters)
      for (const { name, schema } of parameters as ReadonlyArray<{ name: string; schema: Record<string, unknown> }>) {
        if (/Key$|^modelId$|^measurepoint$|^service$/.test(name)) assert.isString(schema["pattern"], name)
        if (/^(limit|from|to|pendingTtl|timeout)$/.test(name)) {
          assert.deepInclude(schema, { type: "integer" })
          assert.isNumber(schema["maximum"], name)
        }
      }
    })

    it("has every status that the server answers by itself", () => {
      for (const { method, name, operation } of operations) {
        const body = operation.requestBody === undefined ? [] : [413, 415]
        const wanted = [400, 401, 403, 429, 500, 503, ...body, ...(method === "post" ? [422] : [])]
        assert.deepStrictEqual(
          wanted.filter((status) => !Object.hasOwn(operation.responses, status)),
          [],
          name
        )
      }
    })

    it("says which bodies may be left out", () => {
      const optional = operations.filter(
        ({ operation: { requestBody } }) => (requestBody?.required as boolean) === false
      )
      assert.isTrue(
        optional.every(({ operation }) => /^(rotate|replace|publish|change|reset)/.test(operation.operationId))
      )
    })

    it("says where the token comes from, what the licence is, and where the other service is", () => {
      const [bearer] = Object.values(spec.components.securitySchemes)
      assert.match(bearer!.description!, /ROOST_API_TOKEN/)
      assert.strictEqual(spec.info.license?.name, "Apache-2.0")
      assert.match(spec.info.description!, /\(\/docs\/(registry|downlink-queue)\)/)
      assert.deepStrictEqual(spec.servers?.[0]?.url, "/")
    })
  })
}
