import { assert, describe, it } from "@effect/vitest"
import { formatPeerAddress, type PeerAddress } from "@roost/contracts"
import { Deferred, Effect, Exit, Queue, Scope } from "effect"
import { createSocket } from "node:dgram"
import { sumDrops } from "../src/KernelDrops.ts"
import { openUdpSocket, UdpBindError, type UdpSocket } from "../src/UdpSocket.ts"

interface Received {
  readonly peer: PeerAddress
  readonly text: string
}

const open = Effect.fnUntraced(function* (host: string, port = 0, reusePort = false) {
  const received = yield* Queue.unbounded<Received>()
  const socket: UdpSocket = yield* openUdpSocket({
    host,
    port,
    reusePort,
    onDatagram: (peer, datagram) => Queue.offerUnsafe(received, { peer, text: Buffer.from(datagram).toString() }),
    onUnanswerable: () => assert.fail("a datagram from port 0"),
    onError: (error) => assert.fail(error.message)
  })
  return { socket, received }
})

/** A plain socket of another program. */
const client = (host: string) =>
  Effect.gen(function* () {
    const answers = yield* Queue.unbounded<string>()
    const socket = yield* Effect.acquireRelease(
      Effect.callback<ReturnType<typeof createSocket>>((resume) => {
        const socket = createSocket(host.includes(":") ? "udp6" : "udp4")
        socket.on("message", (bytes) => Queue.offerUnsafe(answers, bytes.toString()))
        socket.bind(0, host, () => resume(Effect.succeed(socket)))
      }),
      (socket) => Effect.sync(() => socket.close())
    )
    return { send: (text: string, port: number) => socket.send(text, port, host), port: socket.address().port, answers }
  })

describe("UdpSocket", () => {
  for (const [bound, host] of [
    ["127.0.0.1", "127.0.0.1"],
    ["::1", "::1"],
    // Both families on one socket: IPv4 peers keep their IPv4 address in frames and cookies.
    ["::", "127.0.0.1"]
  ] as const) {
    it.live(`answers a peer at ${host} on a socket bound to ${bound}`, () =>
      Effect.gen(function* () {
        const { received, socket } = yield* open(bound)
        const peer = yield* client(host)
        peer.send("up", socket.port)
        const { peer: from, text } = yield* Queue.take(received)
        assert.strictEqual(text, "up")
        const shown = host === "::1" ? `[0:0:0:0:0:0:0:1]:${peer.port}` : `${host}:${peer.port}`
        assert.strictEqual(formatPeerAddress(from), shown)
        socket.send(from, Buffer.from("down"))
        assert.strictEqual(yield* Queue.take(peer.answers), "down")
      }).pipe(Effect.scoped)
    )
  }

  it.live("says whose port it is when it is taken", () =>
    Effect.gen(function* () {
      const { socket } = yield* open("127.0.0.1")
      const error = yield* Effect.flip(open("127.0.0.1", socket.port))
      assert.instanceOf(error, UdpBindError)
      assert.include(error.message, `127.0.0.1 port ${socket.port}`)
      assert.include(error.message, "ROOST_UDP_PORT")
    }).pipe(Effect.scoped)
  )

  it.live("shares a port with reusePort: each flow stays with one socket", () =>
    Effect.gen(function* () {
      const one = yield* open("127.0.0.1", 0, true)
      const other = yield* open("127.0.0.1", one.socket.port, true)
      const flows = 64
      for (let i = 0; i < flows; i++) {
        const peer = yield* client("127.0.0.1")
        for (let n = 0; n < 3; n++) peer.send(String(peer.port), one.socket.port)
      }
      const all = yield* Deferred.make<void>()
      const seen = [new Map<string, number>(), new Map<string, number>()]
      let count = 0
      for (const [index, { received }] of [one, other].entries()) {
        yield* Queue.take(received).pipe(
          Effect.tap(({ text }) =>
            Effect.suspend(() => {
              seen[index]!.set(text, (seen[index]!.get(text) ?? 0) + 1)
              return ++count === flows * 3 ? Deferred.succeed(all, undefined) : Effect.void
            })
          ),
          Effect.forever,
          Effect.forkScoped
        )
      }
      yield* Deferred.await(all)
      assert.isAbove(seen[0]!.size, 0)
      assert.isAbove(seen[1]!.size, 0)
      for (const flow of seen[0]!.values()) assert.strictEqual(flow, 3)
      assert.strictEqual(seen[0]!.size + seen[1]!.size, flows)
    }).pipe(Effect.scoped)
  )

  it.live("sends nothing, and does not throw, after its scope ended", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const { received, socket } = yield* open("127.0.0.1").pipe(Scope.provide(scope))
      const peer = yield* client("127.0.0.1")
      peer.send("up", socket.port)
      const { peer: from } = yield* Queue.take(received)
      yield* Scope.close(scope, Exit.void)
      socket.send(from, Buffer.from("late"))
      const { socket: next } = yield* open("127.0.0.1")
      next.send(from, Buffer.from("in time"))
      assert.strictEqual(yield* Queue.take(peer.answers), "in time")
    }).pipe(Effect.scoped)
  )
})

describe("kernelDrops", () => {
  it("adds up the last column of the sockets on the port", () => {
    const table = [
      "   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops",
      "11230: 0100007F:1634 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 85480 2 000000003413fe5a 7         ",
      "11231: 00000000:1634 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 85481 2 000000003413fe5b 5         ",
      "11232: 0100007F:0034 00000000:1634 07 00000000:00000000 00:00000000 00000000     0        0 85482 2 000000003413fe5c 9         ",
      ""
    ].join("\n")
    assert.strictEqual(sumDrops(table, 0x1634), 12)
    assert.strictEqual(sumDrops("", 5684), 0)
  })
})
