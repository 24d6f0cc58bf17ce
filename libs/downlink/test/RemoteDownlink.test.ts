import { assert, describe, it } from "@effect/vitest"
import { DownlinkApi } from "@roost/contracts"
import { apiRoutes, layerIdempotency } from "@roost/http"
import { NatsConnection } from "@roost/nats"
import { Health } from "@roost/observability"
import { layerHttpServerTest, type NatsServer, natsServer } from "@roost/testkit"
import { ConfigProvider, Context, Effect, Layer, Logger } from "effect"
import { HttpBody, HttpClient, HttpClientRequest, HttpRouter } from "effect/http"
import { Downlink, layerDownlinkHttp, layerDownlinkRpc, layerRemoteDownlink } from "../src/index.ts"
import { device, type Instance, instance, token, world } from "./support/World.ts"

type Call = Effect.Success<ReturnType<typeof instance>>["call"]

/** The same API in a process without commands of its own, such as the registry. */
const elsewhere = Effect.fnUntraced(function* (server: NatsServer) {
  const served = HttpRouter.serve(
    apiRoutes(DownlinkApi, Layer.merge(layerDownlinkHttp, layerIdempotency({ service: "elsewhere" }))),
    { disableLogger: true, disableListenLog: true }
  ).pipe(
    Layer.provide(layerRemoteDownlink),
    Layer.provide(connectionTo(server)),
    Layer.provideMerge(layerHttpServerTest),
    Layer.provideMerge(Health.layer),
    Layer.provide(ConfigProvider.layer(ConfigProvider.fromUnknown({ NATS_URL: server.url, ROOST_API_TOKEN: token }))),
    Layer.provide(Logger.layer([]))
  )
  const http = Context.get(yield* Layer.build(Layer.fresh(served)), HttpClient.HttpClient)
  const call: Call = Effect.fnUntraced(function* (method, path, body, key) {
    const content = body instanceof Uint8Array ? HttpBody.uint8Array(body) : HttpBody.jsonUnsafe(body ?? {})
    const response = yield* HttpClientRequest.make(method)(path).pipe(
      HttpClientRequest.bearerToken(token),
      HttpClientRequest.setHeaders(key === undefined ? {} : { "idempotency-key": key }),
      method === "POST" ? HttpClientRequest.setBody(content) : (request) => request,
      http.execute
    )
    return { status: response.status, body: JSON.parse(yield* response.text) }
  }, Effect.orDie)
  return call
})

const connectionTo = (server: NatsServer) =>
  NatsConnection.layer("elsewhere").pipe(
    Layer.provideMerge(Health.layer),
    Layer.provide(ConfigProvider.layer(ConfigProvider.fromUnknown({ NATS_URL: server.url, ROOST_API_TOKEN: token }))),
    Layer.provide(Logger.layer([]))
  )

/** Has an instance answer on the bus, as the app does. */
const answering = (server: NatsServer, { context }: Instance) =>
  Layer.build(layerDownlinkRpc.pipe(Layer.provide(Layer.fresh(connectionTo(server))))).pipe(
    Effect.provideService(Downlink, Context.get(context, Downlink))
  )

/** Ids and times differ. */
const plain = (answer: unknown): unknown =>
  JSON.parse(
    JSON.stringify(answer)
      .replaceAll(/"[0-9a-z]{20}"/g, '"id"')
      .replaceAll(/\b1[0-9]{12}\b/g, "0")
  )

const waiting = { pendingTtl: 3_600 }
const requests: ReadonlyArray<readonly ["GET" | "POST", string, unknown?]> = [
  ["POST", `${device("d")}/measurepoints/temp:set`, { value: 3, ...waiting }],
  ["POST", `${device("d")}/measurepoints:get`, { ids: ["a", "b"], ...waiting }],
  ["POST", `${device("d")}/services/reset:invoke`, { inputData: { delay: 1 }, ...waiting }],
  ["POST", `${device("d")}/ota:upgrade`, { version: "2", fileUrl: "https://x/y", fileSize: 3, sign: "s", ...waiting }],
  ["POST", `${device("d")}/raw?pendingTtl=3600&timeout=9`, new Uint8Array([0, 255, 1])],
  ["POST", `${device("nobody")}/measurepoints/temp:set`, { value: 3 }],
  ["POST", `${device("d")}/measurepoints/temp:set`, { value: 3 }],
  ["POST", `${device("d")}/measurepoints/temp:set`, { value: "x".repeat(20_000), ...waiting }],
  ["POST", `${device("d")}/measurepoints/temp:set`, { valu: 3 }],
  ["GET", "/v1/commands/00000000000000000000"],
  ["POST", "/v1/commands/00000000000000000000:cancel"],
  ["GET", `${device("d")}/commands?limit=2`],
  ["GET", `${device("d")}/commands?state=failed`],
  ["POST", `${device("d")}/commands:cancel`],
  ["GET", `${device("d")}/commands?limit=100`]
]

describe("commands by way of another process", () => {
  it.live("are answered as downlink-queue answers them, refusals and all", () =>
    Effect.gen(function* () {
      const answers: Array<ReadonlyArray<unknown>> = []
      for (const remote of [false, true]) {
        const server = yield* natsServer()
        yield* world(server, ["d"])
        const local = yield* instance(server)
        yield* answering(server, local)
        const call = remote ? yield* elsewhere(server) : local.call
        const answered = yield* Effect.forEach(requests, (request) => call(...request))
        answers.push(answered.map(plain))
        assert.deepStrictEqual(
          answered.map(({ status }) => status),
          [202, 202, 202, 202, 202, 404, 409, 422, 400, 404, 404, 200, 200, 200, 200]
        )
      }
      assert.deepStrictEqual(answers[1], answers[0])
    })
  )

  it.live("are issued once under an Idempotency-Key, and 503 says whether one may have been while nobody answers", () =>
    Effect.gen(function* () {
      const server = yield* natsServer()
      yield* world(server, ["d"])
      const local = yield* instance(server)
      const call = yield* elsewhere(server)
      const issue = (key: string) =>
        call("POST", `${device("d")}/measurepoints/temp:set`, { value: 1, ...waiting }, key)
      const nobody = yield* issue("k")
      assert.deepInclude(nobody.body, { status: 503, mayHaveHappened: false })
      yield* answering(server, local)
      const first = yield* issue("k")
      assert.deepStrictEqual([first.status, yield* issue("k")], [202, first])
      assert.lengthOf((yield* local.call("GET", `${device("d")}/commands`)).body.commands, 1)
    })
  )
})
