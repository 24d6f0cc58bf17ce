import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { createSocket, type RemoteInfo } from "node:dgram"
import { once } from "node:events"
import { udpNat } from "../src/index.ts"

const socket = Effect.acquireRelease(
  Effect.promise(async () => {
    const socket = createSocket("udp4").bind(0, "127.0.0.1")
    await once(socket, "listening")
    return socket
  }),
  (socket) => Effect.sync(() => socket.close())
)

type Received = [Buffer, RemoteInfo]

describe("a NAT", () => {
  it.live("passes both ways, and after a rebinding from another port", () =>
    Effect.gen(function* () {
      const [server, client] = [yield* socket, yield* socket]
      const nat = yield* udpNat({ port: server.address().port })
      const ports: Array<number> = []
      server.on("message", (datagram, { port }) => {
        ports.push(port)
        server.send(datagram, port, "127.0.0.1")
      })
      const roundTrip = (byte: number) =>
        Effect.promise(async () => {
          const answer = once(client, "message") as Promise<Received>
          client.send(Uint8Array.of(byte), nat.port, "127.0.0.1")
          return [...(await answer)[0]]
        })
      assert.deepStrictEqual(yield* roundTrip(22), [22])
      assert.deepStrictEqual(yield* roundTrip(23), [23])
      yield* nat.rebind
      // To the old port: lost.
      server.send(Uint8Array.of(99), ports[0]!, "127.0.0.1")
      assert.deepStrictEqual(yield* roundTrip(25), [25])
      assert.strictEqual(ports[0], ports[1])
      assert.notStrictEqual(ports[1], ports[2])
      const types = [22, 22, 23, 23, 25, 25]
      assert.deepStrictEqual(
        nat.passed,
        types.map((type, index) => [index % 2 === 0 ? "up" : "down", type] as const)
      )
    })
  )

  it.live("loses what it is told to", () =>
    Effect.gen(function* () {
      const [server, client] = [yield* socket, yield* socket]
      const nat = yield* udpNat({ port: server.address().port, passes: (_direction, datagram) => datagram[0] !== 1 })
      const received = once(server, "message") as Promise<Received>
      client.send(Uint8Array.of(1), nat.port, "127.0.0.1")
      client.send(Uint8Array.of(2), nat.port, "127.0.0.1")
      assert.deepStrictEqual([...(yield* Effect.promise(() => received))[0]], [2])
    })
  )
})
