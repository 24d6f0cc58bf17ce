import { assert, describe, it } from "@effect/vitest"
import { announcePlacement } from "@roost/cluster"
import { FrameKind, FrameReader, Subjects } from "@roost/contracts"
import { FrameBus, NatsConnection } from "@roost/nats"
import { Health } from "@roost/observability"
import { childProcess, freeTcpPort, freeUdpPort, natsServer } from "@roost/testkit"
import { ConfigProvider, Deferred, Effect, Layer, Logger } from "effect"
import { createSocket } from "node:dgram"
import { fileURLToPath } from "node:url"

const main = fileURLToPath(new URL("../src/main.ts", import.meta.url))

const edge = (env: Record<string, string>, readyWhen: RegExp) =>
  childProcess({ command: process.execPath, args: [main], env, readyWhen })

const environment = (natsUrl: string, udpPort: number, httpPort: number) => ({
  NATS_URL: natsUrl,
  ROOST_UDP_HOST: "127.0.0.1",
  ROOST_UDP_PORT: String(udpPort),
  ROOST_EDGE_PORT: String(httpPort),
  ROOST_ROUTING_KEY: "5a".repeat(32)
})

/** Waits until `/readyz` answers with this status. */
const readiness = (port: number, status: number) =>
  Effect.tryPromise(() => fetch(`http://127.0.0.1:${port}/readyz`)).pipe(
    Effect.map((response) => response.status),
    Effect.orElseSucceed(() => 0),
    Effect.delay("50 millis"),
    Effect.repeat({ until: (got) => got === status })
  )

const bus = (natsUrl: string) =>
  FrameBus.layer.pipe(
    Layer.provide(NatsConnection.layer("test")),
    Layer.provide(Health.layer),
    Layer.provide(ConfigProvider.layer(ConfigProvider.fromUnknown({ NATS_URL: natsUrl }))),
    Layer.provide(Logger.layer([]))
  )

/** Application data of epoch 1, of a session that nobody knows. */
const record = Uint8Array.of(23, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 9, 0, 2, 1, 2)

describe("udp-edge as a process", () => {
  it.live("is ready once a node is there, carries datagrams to the bus, and ends with 0 on SIGTERM", () =>
    Effect.gen(function* () {
      const nats = yield* natsServer()
      const udpPort = yield* freeUdpPort
      const httpPort = yield* freeTcpPort
      const app = yield* edge(environment(nats.url, udpPort, httpPort), /serves DTLS/)
      yield* readiness(httpPort, 503)
      yield* Effect.gen(function* () {
        const { subscribe } = yield* FrameBus
        const carried = yield* Deferred.make<FrameReader>()
        yield* subscribe(Subjects.frameToNodes, (frame) => {
          const reader = new FrameReader(frame)
          reader.next()
          Effect.runFork(Deferred.succeed(carried, reader))
        })
        yield* announcePlacement(
          "node",
          Array.from({ length: 512 }, (_, partition) => [partition, 1] as const)
        )
        yield* readiness(httpPort, 200)
        const socket = createSocket("udp4")
        socket.send(record, udpPort, "127.0.0.1", () => socket.close())
        const { body, kind } = yield* Deferred.await(carried)
        assert.deepStrictEqual([kind, Uint8Array.from(body)], [FrameKind.Unrouted, record])
      }).pipe(Effect.scoped, Effect.provide(bus(nats.url)))
      // The node said that it leaves.
      yield* readiness(httpPort, 503)
      assert.strictEqual((yield* app.stop()).code, 0)
    })
  )

  it.live("says in one line which variable to change when the port is taken", () =>
    Effect.gen(function* () {
      const nats = yield* natsServer()
      const taken = createSocket("udp4")
      yield* Effect.callback<void>((resume) => void taken.bind(0, "127.0.0.1", () => resume(Effect.void)))
      yield* Effect.addFinalizer(() => Effect.sync(() => taken.close()))
      const { port } = taken.address()
      const env = environment(nats.url, port, yield* freeTcpPort)
      const app = yield* edge(env, /ROOST_UDP_PORT/)
      assert.strictEqual((yield* app.exit).code, 1)
      assert.match(app.output(), new RegExp(`"message":"configuration: ROOST_UDP_PORT: .* UDP 127.0.0.1 port ${port} `))
    })
  )

  it.live("does not start without a routing key", () =>
    Effect.gen(function* () {
      const nats = yield* natsServer()
      const env = environment(nats.url, yield* freeUdpPort, yield* freeTcpPort)
      const app = yield* edge({ ...env, ROOST_ROUTING_KEY: "" }, /ROOST_ROUTING_KEY/)
      assert.strictEqual((yield* app.exit).code, 1)
      assert.match(app.output(), /"message":"configuration: ROOST_ROUTING_KEY: .*64 hexadecimal digits; it is empty"/)
    })
  )
})
