import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { once } from "node:events"
import { readFileSync } from "node:fs"
import { connect } from "node:net"
import { join, resolve } from "node:path"
import { binaries, compareVersions, freeTcpPort, knownFaults, natsCluster, natsServer } from "../src/index.ts"

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

  it.live("lets no server into its cluster that has not the cluster's login", () =>
    Effect.gen(function* () {
      const port = yield* freeTcpPort
      const server = yield* natsServer({
        cluster: { name: "n0", listen: `127.0.0.1:${port}`, routes: [`nats://127.0.0.1:${port}`] },
        readyWhen: /Listening for route connections/
      })
      const answer = (login: string) =>
        Effect.promise(async () => {
          const socket = connect(port, "127.0.0.1")
          let said = ""
          socket.on("data", (bytes: Buffer) => void (said += bytes.toString()))
          socket.write(
            `CONNECT {"verbose":false,${login}"server_id":"STRANGER","name":"stranger","cluster":"roost"}\r\nPING\r\n`
          )
          await Promise.race([once(socket, "close"), once(socket, "end")])
          return said
        })
      assert.include(yield* answer(""), "Authorization Violation")
      assert.include(
        yield* answer(`"user":"cluster","pass":"${server.passwords["admin"]}",`),
        "Authorization Violation"
      )
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

describe("deploy/nats", () => {
  it("ships 5 ms, with `always` one line away, in a file that nats-server 2.9 can do without (trust B1)", () => {
    const file = (name: string) =>
      readFileSync(join(resolve(import.meta.dirname, "../../../deploy/nats"), name), "utf8")
    const lines = file("sync.conf").split("\n")
    assert.deepStrictEqual(
      lines.filter((line) => /^(?:# ?)?sync_interval/.test(line)),
      ['sync_interval: "5ms"', "# sync_interval: always"]
    )
    assert.notMatch(["single.conf", "cluster.conf", "jetstream.conf", "accounts.conf"].map(file).join(""), /^\s*sync_/m)
  })

  it.live("starts nats-server 2.10 or newer, which takes `always` too (trust F1)", () =>
    Effect.gen(function* () {
      for (const options of [{}, { sync: "always" }] as const) {
        const server = yield* natsServer({ binary: "newest", ...options })
        assert.isAtLeast(compareVersions(server.version, "2.10.0"), 0)
        assert.match(yield* greeting(server.port), /^INFO .*"jetstream":true/)
      }
    })
  )
})

describe("nats-server programs", () => {
  it("are listed with the newest first", () => {
    const versions = binaries().map(({ version }) => version)
    assert.deepStrictEqual(versions, versions.toSorted(compareVersions).toReversed())
  })

  it("have the faults that were published for their version", () => {
    const counts = [
      "2.9.10",
      "2.9.23",
      "2.10.1",
      "2.10.27",
      "2.11.0",
      "2.11.16",
      "2.12.6",
      "2.13.0",
      "2.14.0",
      "2.15.1"
    ]
    assert.deepStrictEqual(
      counts.map((version) => knownFaults(version).length),
      [4, 3, 4, 2, 3, 0, 1, 1, 0, 0]
    )
  })
})
