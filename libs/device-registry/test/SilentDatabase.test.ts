import { assert, describe, it } from "@effect/vitest"
import { Health } from "@roost/observability"
import { Effect, Layer, Logger, Redacted } from "effect"
import { once } from "node:events"
import { type AddressInfo, createServer, type Socket } from "node:net"
import { layerPostgresSql } from "../src/sql/PostgresSql.ts"

describe("a registry that starts", () => {
  it.live("says of a nats-server in the place of PostgreSQL that it does not answer", () =>
    Effect.gen(function* () {
      const sockets = new Set<Socket>()
      const server = createServer((socket) => {
        sockets.add(socket.on("error", () => undefined))
        socket.write('INFO {"server_id":"x"}\r\n')
        socket.once("data", () => socket.end("-ERR 'Unknown Protocol Operation'\r\n"))
      })
      yield* Effect.addFinalizer(() =>
        Effect.sync(() => {
          for (const socket of sockets) socket.destroy()
          server.close()
        })
      )
      server.listen(0, "127.0.0.1")
      yield* Effect.promise(() => once(server, "listening"))
      const url = `postgres://roost@127.0.0.1:${(server.address() as AddressInfo).port}/roost`
      const { readiness } = yield* Health
      yield* Effect.forkScoped(Layer.build(layerPostgresSql(Redacted.make(url))))
      const database = Effect.sync(() => readiness().checks["database"] ?? "")
      const said = yield* Effect.repeat(Effect.delay(database, "10 millis"), {
        until: (text) => text !== "" && !text.includes("yet")
      })
      assert.match(said, /the database did not answer within 6000 ms$|: no answer: |: the connection was closed: /)
    }).pipe(Effect.provide(Layer.mergeAll(Health.layer, Logger.layer([]))), Effect.scoped)
  )
})
