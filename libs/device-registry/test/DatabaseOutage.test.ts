import { assert, describe, it } from "@effect/vitest"
import { type PostgresServer, postgresServer } from "@roost/testkit"
import { Effect } from "effect"
import { HttpBody, HttpClient, HttpClientRequest } from "effect/http"
import { postgresPatience } from "../src/sql/PostgresPool.ts"
import { layerStoreAt } from "./support/Databases.ts"
import { servedOn, token } from "./support/RegistryHttp.ts"

const served = ({ url }: PostgresServer) => servedOn(layerStoreAt(url, postgresPatience))

const send = Effect.fnUntraced(function* (method: "GET" | "POST", path: string, body?: unknown) {
  const response = yield* HttpClientRequest.make(method)(path).pipe(
    HttpClientRequest.bearerToken(token),
    body === undefined ? (request) => request : HttpClientRequest.setBody(HttpBody.jsonUnsafe(body)),
    HttpClient.execute
  )
  const text = yield* response.text
  return { status: response.status, after: response.headers["retry-after"], body: JSON.parse(text) }
})

const refused = { status: 503, type: "urn:roost:problem:temporarily-unavailable" }
const told = ({ status, body }: { readonly status: number; readonly body: { readonly type: string } }) => ({
  status,
  type: body.type
})

const again = (path: string) =>
  send("GET", path).pipe(Effect.delay("50 millis"), Effect.repeat({ until: ({ status }) => status === 200 }))

describe("the API while PostgreSQL", () => {
  it.live("is frozen: 503 with Retry-After instead of silence, and all is well when it goes on (trust F11)", () =>
    Effect.gen(function* () {
      const server = yield* postgresServer()
      yield* Effect.gen(function* () {
        yield* send("POST", "/v1/products", { productName: "P", productKey: "pk" })
        yield* server.freeze
        const path = "/v1/products/pk/devices"
        const [read, listed, created] = yield* Effect.all(
          [send("GET", "/v1/products/pk"), send("GET", path), send("POST", path, { deviceKey: "d" })],
          { concurrency: "unbounded" }
        )
        for (const answer of [read, listed, created]) {
          assert.deepStrictEqual(told(answer), refused)
          assert.match(answer.after ?? "", /^\d+$/)
        }
        assert.isFalse(read.body.mayHaveHappened)
        yield* server.thaw
        yield* again("/v1/products/pk")
        assert.strictEqual((yield* send("POST", path, { deviceKey: "e" })).status, 201)
      }).pipe(Effect.provide(served(server)), Effect.ensuring(server.thaw))
    })
  )

  it.live("is down: 503 instead of 500, also for a registry that starts before it (trust F11)", () =>
    Effect.gen(function* () {
      const server = yield* postgresServer()
      yield* Effect.gen(function* () {
        yield* send("POST", "/v1/products", { productName: "P", productKey: "pk" })
        yield* server.stop
        for (const answer of [
          yield* send("GET", "/v1/products/pk"),
          yield* send("POST", "/v1/products", { productName: "Q", productKey: "q" }),
          yield* send("POST", "/v1/products/pk/devices", { deviceKey: "d" })
        ]) {
          assert.deepStrictEqual(told(answer), refused)
          assert.isFalse(answer.body.mayHaveHappened)
        }
        yield* server.start
        yield* again("/v1/products/pk")
      }).pipe(Effect.provide(served(server)))
      yield* server.stop
      yield* Effect.forkScoped(Effect.delay(server.start, "1500 millis"))
      yield* again("/v1/products/pk").pipe(Effect.provide(served(server)))
    })
  )
})
