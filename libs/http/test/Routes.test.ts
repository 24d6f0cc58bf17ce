import { assert, describe, it } from "@effect/vitest"
import { downlinkService, registryService, Setting, strictApi } from "@roost/contracts"
import { Health, metrics } from "@roost/observability"
import { freeTcpPort } from "@roost/testkit"
import { Config, ConfigProvider, Effect, Layer, Logger, Schema } from "effect"
import { HttpRouter, HttpServerResponse } from "effect/http"
import { HttpApi, HttpApiBuilder, HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import { once } from "node:events"
import { request } from "node:http"
import { connect } from "node:net"
import { text } from "node:stream/consumers"
import { pathSegmentLengthMax, serveApi } from "../src/index.ts"
import { whoElse } from "../src/Neighbours.ts"

const params = { id: Schema.String.check(Schema.isMaxLength(20)) }
const success = Schema.String

const Things = strictApi(
  HttpApi.make("things").add(
    HttpApiGroup.make("things").add(
      HttpApiEndpoint.get("read", "/v1/things/:id", { params, success }),
      HttpApiEndpoint.patch("change", "/v1/things/:id", { params, success }),
      HttpApiEndpoint.post("turn", "/v1/things/:id:turn", { params, success })
    )
  )
)
const Commands = strictApi(
  HttpApi.make("commands").add(
    HttpApiGroup.make("commands").add(
      HttpApiEndpoint.post("start", "/v1/things/:id/parts/:part:start", {
        params: { id: Schema.String, part: Schema.String },
        success
      }),
      HttpApiEndpoint.delete("stop", "/v1/things/:id", { params, success })
    )
  )
)

/** Of Roost's own services, by the paths of their specifications. */
const elsewhere = (method: string, path: string) =>
  Effect.map(whoElse([downlinkService, registryService]), (others) => others.elsewhere(method, path))

const ok = () => Effect.succeed("ok")
const Handlers = Layer.merge(
  HttpApiBuilder.group(Things, "things", (handlers) => handlers.handleAll({ read: ok, change: ok, turn: ok })),
  HttpRouter.add("GET", "/beside", HttpServerResponse.text("ok"))
)

const served = Effect.gen(function* () {
  const port = yield* freeTcpPort
  yield* Layer.build(
    serveApi(Things, Handlers, Setting.from([], Config.succeed(port)), [
      { service: "commander", api: Commands, portVariable: "COMMANDER_PORT", port: Config.succeed(4711) }
    ]).pipe(
      Layer.provide(Health.layer),
      Layer.provide(ConfigProvider.layer(ConfigProvider.fromUnknown({ ROOST_API_TOKEN: "0123456789abcdef" }))),
      Layer.provide(Logger.layer([]))
    )
  )
  return port
})

const ask = async (port: number, method: string, path: string) => {
  const headers = { authorization: "Bearer 0123456789abcdef" }
  const sent = request({ host: "127.0.0.1", port, method, path, headers }).end()
  const [response] = await once(sent, "response")
  const body = await text(response)
  return {
    status: response.statusCode as number,
    allow: response.headers.allow as string | undefined,
    detail: body.startsWith("{") ? (JSON.parse(body) as { readonly detail?: string }).detail : body
  }
}

const requestCounts = (): ReadonlyMap<string, number> =>
  new Map(
    metrics
      .render()
      .split("\n")
      .filter((line) => line.startsWith("roost_http_request_seconds_count") && line.includes("/v1/things"))
      .map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.slice(line.lastIndexOf(" ")))] as const)
  )

describe("a route", () => {
  it.live("is measured by its template and by what became of the request, never by its address", () =>
    Effect.gen(function* () {
      const port = yield* served
      // Other tests of the process asked for things, too.
      const before = requestCounts()
      for (const [method, path] of [
        ["GET", "/v1/things/one"],
        ["GET", "/v1/things/two"],
        ["GET", `/v1/things/${"x".repeat(30)}`],
        ["POST", "/v1/things/a:turn"],
        ["GET", "/nothing"]
      ] as const) {
        yield* Effect.promise(() => ask(port, method, path))
      }
      const counts = [...requestCounts()].flatMap(([labels, count]) => {
        const more = count - (before.get(labels) ?? 0)
        return more === 0 ? [] : [`${labels} ${more}`]
      })
      assert.deepStrictEqual(counts.toSorted(), [
        'roost_http_request_seconds_count{method="GET",route="/v1/things/{id}",status="2xx"} 2',
        'roost_http_request_seconds_count{method="GET",route="/v1/things/{id}",status="4xx"} 1',
        'roost_http_request_seconds_count{method="POST",route="/v1/things/{id}:turn",status="2xx"} 1'
      ])
    })
  )
})

describe("a path", () => {
  it.live("says which methods it answers when asked by another (RFC 9110 §15.5.6)", () =>
    Effect.gen(function* () {
      const port = yield* served
      for (const [path, allow] of [
        ["/v1/things/a", "GET, HEAD, PATCH"],
        ["/v1/things/a:turn?x=1", "POST"],
        ["/openapi.json", "GET, HEAD"],
        ["/docs", "GET, HEAD"],
        ["/docs/commander", "GET, HEAD"],
        ["/healthz", "GET, HEAD"],
        ["/beside", "GET, HEAD"]
      ] as const) {
        for (const method of ["PUT", "OPTIONS", "TRACE", "PROPFIND", "QUERY"]) {
          const answer = yield* Effect.promise(() => ask(port, method, path))
          assert.deepStrictEqual([path, answer.status, answer.allow], [path, 405, allow])
          assert.include(answer.detail, `answers ${allow}, not ${method}.`)
        }
      }
      assert.strictEqual((yield* Effect.promise(() => ask(port, "HEAD", "/v1/things/a"))).status, 200)
    })
  )

  it.live(
    "says so to methods of which Node has never heard, too, and other bytes are told that they are no request",
    () =>
      Effect.gen(function* () {
        const port = yield* served
        const raw = (line: string) =>
          Effect.promise(async () => {
            const socket = connect(port, "127.0.0.1")
            socket.end(`${line}\r\nHost: x\r\n\r\n`)
            return text(socket)
          })
        const answer = yield* raw("BREW /v1/things/a?x=1 HTTP/1.1")
        assert.match(answer, /^HTTP\/1\.1 405 Method Not Allowed\r\n/)
        assert.match(answer, /\r\nAllow: GET, HEAD, PATCH\r\n/)
        assert.include(answer, `"detail":"/v1/things/a answers GET, HEAD, PATCH, not BREW."`)
        assert.match(
          yield* raw("BREW /nothing HTTP/1.1"),
          /^HTTP\/1\.1 400 Bad Request\r\nContent-Type: application\/problem\+json/
        )
        assert.match(yield* raw("\x16\x03\x01"), /^HTTP\/1\.1 400 .*"type":"urn:roost:problem:bad-request"/s)
      })
  )

  it.live("of another service says where that is", () =>
    Effect.gen(function* () {
      const port = yield* served
      const start = yield* Effect.promise(() => ask(port, "POST", "/v1/things/a/parts/b:start"))
      const detail = "commander (COMMANDER_PORT, port 4711) serves POST /v1/things/a/parts/b:start."
      assert.deepStrictEqual([start.status, start.detail], [404, detail])
      const stop = yield* Effect.promise(() => ask(port, "DELETE", "/v1/things/a"))
      assert.deepStrictEqual([stop.status, stop.allow], [404, undefined])
      const nowhere = yield* Effect.promise(() => ask(port, "POST", "/v1/thing"))
      const none = "No endpoint answers POST /v1/thing. /docs has those that there are."
      assert.deepStrictEqual([nowhere.status, nowhere.detail], [404, none])
    })
  )

  it.effect("is the registry's or downlink-queue's, by the verb that ends it", () =>
    Effect.gen(function* () {
      const device = "/v1/products/pk1/devices/imei:01.5"
      for (const [method, path, service] of [
        ["GET", device, "registry"],
        ["POST", `${device}:enable`, "registry"],
        ["POST", `${device}:rotate-secret?x=1`, "registry"],
        ["POST", "/v1/products/pk1/devices:import", "registry"],
        ["POST", "/v1/products/pk1:rotate-secret", "registry"],
        ["POST", `${device}/measurepoints/temp:set`, "downlink-queue"],
        ["POST", `${device}/measurepoints:get`, "downlink-queue"],
        ["POST", `${device}/commands:cancel`, "downlink-queue"],
        ["GET", `${device}/commands`, "downlink-queue"],
        ["POST", "/v1/commands/abc:cancel", "downlink-queue"],
        ["POST", `${device}:explode`, undefined],
        ["PUT", device, undefined]
      ] as const) {
        const found = yield* elsewhere(method, path)
        assert.strictEqual(found?.split(" ")[0], service, `${method} ${path}`)
      }
    }).pipe(Effect.provide(ConfigProvider.layer(ConfigProvider.fromUnknown({}))))
  )

  it.live("of the documentation leads to the other service's, on the host that was asked", () =>
    Effect.gen(function* () {
      const port = yield* served
      const answer = yield* Effect.promise(() =>
        fetch(`http://localhost:${port}/docs/commander`, { redirect: "manual" })
      )
      assert.deepStrictEqual([answer.status, answer.headers.get("location")], [302, "//localhost:4711/docs"])
    })
  )

  it.live("with a control character is refused as that, although its verb can't be found behind it", () =>
    Effect.gen(function* () {
      const port = yield* served
      const answer = yield* Effect.promise(() => ask(port, "POST", "/v1/things/a%0D:turn"))
      assert.deepStrictEqual([answer.status, answer.detail], [400, "The path has a control character or a line break."])
    })
  )

  it.live("with a segment that is longer than any is refused, and says how long it may be", () =>
    Effect.gen(function* () {
      const port = yield* served
      const long = yield* Effect.promise(() => ask(port, "GET", `/v1/things/${"a".repeat(pathSegmentLengthMax + 1)}`))
      assert.deepStrictEqual(
        [long.status, long.detail],
        [400, "A segment of the path has 193 characters; at most 192 are read."]
      )
    })
  )
})
