import { assert, describe, it } from "@effect/vitest"
import { natsServer } from "@roost/testkit"
import { Effect } from "effect"
import { device, instance, world } from "./support/World.ts"

describe("commands as applications see them", () => {
  it.live("shows what was asked for as it was written, and base64 of bytes only", () =>
    Effect.gen(function* () {
      const server = yield* natsServer()
      yield* world(server, ["d"])
      const one = yield* instance(server)
      const written = (text: string) => JSON.rawJSON(text)
      const firmware = { version: "2", fileUrl: "https://f.example/2", fileSize: 1, sign: "ab" }
      for (const [path, body, shown] of [
        ["measurepoints/limit:set", { value: written("30.50") }, '"value":30.50'],
        ["measurepoints/limit:set", { value: null }, '"value":null'],
        ["measurepoints/__proto__:set", { value: 1 }, '"value":1'],
        ["measurepoints:get", { ids: ["a", "b"] }, '"ids":["a","b"]'],
        [
          "services/tune:invoke",
          { inputData: { x: written("9007199254740993") } },
          '"inputData":{"x":9007199254740993}'
        ],
        ["ota:upgrade", firmware, '"fileUrl":"https://f.example/2"']
      ] as const) {
        const { commandId } = (yield* one.call("POST", `${device("d")}/${path}`, {
          ...body,
          pendingTtl: 3_600,
          timeout: 5
        })).body
        assert.include(yield* one.read(`/v1/commands/${commandId}`), shown)
        assert.include(yield* one.read(`${device("d")}/commands?limit=1`), shown)
        const { body: told } = yield* one.call("GET", `/v1/commands/${commandId}`)
        assert.deepInclude(told, { pendingTtl: 3_600, timeout: 5, instant: false, deliveries: 0, maxDeliveries: 3 })
        assert.notProperty(told, "payload")
      }
    })
  )

  it.live("listed newest first, by page and by state, only for its device", () =>
    Effect.gen(function* () {
      const server = yield* natsServer()
      yield* world(server, ["d", "e"])
      const one = yield* instance(server)
      const ids: Array<string> = []
      for (let i = 0; i < 5; i++) {
        ids.push(
          (yield* one.call("POST", `${device("d")}/measurepoints/p:set`, { value: i, pendingTtl: 60 })).body.commandId
        )
      }
      yield* one.call("POST", `${device("e")}/measurepoints/p:set`, { value: 9, pendingTtl: 60 })
      yield* one.call("POST", `/v1/commands/${ids[1]}:cancel`)
      const page = (query: string) =>
        one.call("GET", `${device("d")}/commands?${query}`).pipe(
          Effect.map(({ body }) => ({
            ids: body.commands.map((command: { commandId: string }) => ids.indexOf(command.commandId)),
            nextCursor: body.nextCursor
          }))
        )
      const first = yield* page("limit=3")
      assert.deepStrictEqual(first.ids, [4, 3, 2])
      const second = yield* page(`limit=3&cursor=${first.nextCursor}`)
      assert.deepStrictEqual(second, { ids: [1, 0], nextCursor: undefined })
      assert.deepStrictEqual((yield* page("state=cancelled")).ids, [1])
      assert.strictEqual((yield* one.call("GET", `${device("d")}/commands?state=nonsense`)).status, 400)
    })
  )
})
