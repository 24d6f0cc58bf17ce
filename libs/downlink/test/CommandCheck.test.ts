import { assert, describe, it } from "@effect/vitest"
import type { ThingModel } from "@roost/enos"
import { natsServer } from "@roost/testkit"
import { Effect, Fiber } from "effect"
import { device, instance, world } from "./support/World.ts"

const valve: ThingModel = {
  modelId: "valve",
  attributes: {},
  measurepoints: {
    "flow.rate": { data: { dataType: "FLOAT" } },
    limit: { data: { dataType: "INT" } },
    mode: { data: { dataType: "ENUM", enumType: "INT", values: { "0": "shut", "1": "open" } } },
    pressure: { readOnly: true, data: { dataType: "DOUBLE" } }
  },
  services: {
    move: {
      inputData: { angle: { required: true, data: { dataType: "INT" } }, note: { data: { dataType: "STRING" } } },
      outputData: {}
    }
  },
  events: {}
}

const checked = { _tag: "Found", status: "offline", activated: true, dataFormat: "Json" } as const

describe("a command for a device whose product has a thing model", () => {
  it.live("is refused where the model does not allow it, with code, field, expectation and what came", () =>
    Effect.gen(function* () {
      const server = yield* natsServer()
      const { registered, tellModel } = yield* world(server, ["d", "free"])
      const one = yield* instance(server)
      yield* tellModel(valve, 1)
      registered.set("d", { ...checked, model: { modelId: "valve", version: 1 } })
      const ask = (path: string, body: object) =>
        one.call("POST", `${device("d")}/${path}`, { pendingTtl: 60, ...body })
      for (const [path, body, field, expected, got] of [
        ["measurepoints/nope:set", { value: 1 }, "measurepoints.nope", "one of the model's measurepoints"],
        ["measurepoints/limit:set", { value: "warm" }, "measurepoints.limit", "a 32-bit integer", '"warm"'],
        ["measurepoints/limit:set", { value: 2 ** 31 }, "measurepoints.limit", "a 32-bit integer", "2147483648"],
        ["measurepoints/limit:set", { value: null }, "measurepoints.limit", "a 32-bit integer", "null"],
        ["measurepoints/mode:set", { value: 7 }, "measurepoints.mode", "one of 0, 1", "7"],
        ["measurepoints/pressure:set", { value: 1 }, "measurepoints.pressure", "a point that may be set"],
        ["measurepoints:get", { ids: ["limit", "nope"] }, "measurepoints.nope", "one of the model's measurepoints"],
        [
          "measurepoints/limti:set",
          { value: 1 },
          "measurepoints.limti",
          "one of the model's measurepoints",
          `an identifier that it does not have; "limit" was probably meant`
        ],
        ["services/nope:invoke", { inputData: {} }, "services.nope", "one of the model's services"],
        ["services/move:invoke", { inputData: {} }, "services.move.angle", "a required field", "nothing"],
        ["services/move:invoke", { inputData: { angle: 1.5 } }, "services.move.angle", "a 32-bit integer", "1.5"],
        ["services/move:invoke", { inputData: { angle: 1, x: 1 } }, "services.move.x", "a field of the model"]
      ] as const) {
        const answer = yield* ask(path, body)
        assert.strictEqual(answer.status, 422, path)
        assert.deepInclude(
          answer.body,
          {
            type: "urn:roost:problem:command-not-of-model",
            code: 1204,
            modelId: "valve",
            modelVersion: 1,
            field,
            expected,
            ...(got === undefined ? {} : { got })
          },
          path
        )
        assert.include(answer.body.detail, expected)
        assert.strictEqual((yield* ask(`${path}?unchecked=true`, body)).status, 202, `${path} unchecked`)
      }
      assert.strictEqual((yield* ask("measurepoints/limit:set?unchecked=false", { value: "warm" })).status, 422)
      assert.strictEqual((yield* ask("measurepoints/limit:set?unchecked=yes", { value: 1 })).status, 400)
      for (const [path, body] of [
        ["measurepoints/limit:set", { value: 1 }],
        ["measurepoints/flow.rate:set", { value: 1.5 }],
        ["measurepoints:get", { ids: ["limit", "pressure"] }],
        ["services/move:invoke", { inputData: { angle: 90 } }],
        ["ota:upgrade", { version: "2", fileUrl: "https://f.example/2", fileSize: 1, sign: "ab" }]
      ] as const) {
        assert.strictEqual((yield* ask(path, body)).status, 202, path)
      }
      const free = yield* one.call("POST", `${device("free")}/measurepoints/nope:set`, { value: {}, pendingTtl: 60 })
      assert.strictEqual(free.status, 202)
    })
  )

  it.live("is checked by the version that the registry names, though its word of it comes later", () =>
    Effect.gen(function* () {
      const server = yield* natsServer()
      const { registered, tellModel } = yield* world(server, ["d"])
      const one = yield* instance(server)
      yield* tellModel(valve, 1)
      registered.set("d", { ...checked, model: { modelId: "valve", version: 2 } })
      const set = (point: string) =>
        one.call("POST", `${device("d")}/measurepoints/${point}:set`, { value: 1, pendingTtl: 60 })
      const asked = yield* Effect.forkChild(set("level"), { startImmediately: true })
      yield* tellModel({ ...valve, measurepoints: { level: { data: { dataType: "INT" } } } }, 2)
      assert.strictEqual((yield* Fiber.join(asked)).status, 202)
      assert.deepInclude((yield* set("limit")).body, { code: 1204, modelVersion: 2 })
    })
  )
})
