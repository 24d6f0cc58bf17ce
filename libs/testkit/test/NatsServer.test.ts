import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { once } from "node:events"
import { connect } from "node:net"
import { natsCluster, natsServer } from "../src/index.ts"

/** The first line that the server says to a client (`INFO {…}`), or "refused". */
const greeting = (port: number) =>
  Effect.promise(async () => {
    const socket = connect(port, "127.0.0.1")
    try {
      const [bytes] = (await once(socket, "data")) as [Buffer]
      return bytes.toString()
    } catch {
      return "refused"
    } finally {
      socket.destroy()
    }
  })

describe("a nats-server", () => {
  it.live("serves from the moment it is there until its scope closes", () =>
    Effect.gen(function* () {
      const port = yield* Effect.scoped(
        Effect.gen(function* () {
          const server = yield* natsServer()
          assert.match(yield* greeting(server.port), /^INFO .*"jetstream":true/)
          return server.port
        })
      )
      assert.strictEqual(yield* greeting(port), "refused")
    })
  )

  it.live("stops, starts and restarts on the same port, by another process", () =>
    Effect.gen(function* () {
      const server = yield* natsServer()
      const first = server.pid()
      yield* server.stop("SIGKILL")
      assert.strictEqual(yield* greeting(server.port), "refused")
      yield* server.start
      const second = server.pid()
      yield* server.restart
      assert.strictEqual(new Set([first, second, server.pid()]).size, 3)
      assert.match(yield* greeting(server.port), /^INFO/)
    })
  )

  it.live("ends although it was paused", () =>
    Effect.gen(function* () {
      const server = yield* natsServer()
      yield* server.pause
      yield* server.stop()
      assert.strictEqual(yield* greeting(server.port), "refused")
    })
  )

  it.live("takes lines for its configuration", () =>
    Effect.gen(function* () {
      const server = yield* natsServer({ config: `authorization { token: "s3cret" }` })
      assert.match(yield* greeting(server.port), /"auth_required":true/)
    })
  )

  it.live("with a configuration that it refuses is a defect that quotes it", () =>
    Effect.gen(function* () {
      const exit = yield* Effect.exit(Effect.scoped(natsServer({ config: "nonsense {" })))
      assert.match(String(exit), /nats-server.*Died/s)
    })
  )

  it.live("forms a cluster of three with one leader", () =>
    Effect.gen(function* () {
      const servers = yield* natsCluster(3)
      const leaders = servers.filter((server) => /Self is new JetStream cluster metadata leader/.test(server.log()))
      assert.strictEqual(leaders.length, 1)
    })
  )
})
