import { assert, describe, it } from "@effect/vitest"
import { formatPeerAddress, parsePeerAddress, type PeerAddress } from "@roost/contracts"
import { configuredBy, faultsOf } from "@roost/observability"
import { Cause, Deferred, Effect, Exit, Queue, Scope } from "effect"
import { createSocket } from "node:dgram"
import { sumDrops } from "../src/KernelDrops.ts"
import { libcSockets } from "../src/LibcSockets.ts"
import { openUdpSocket, type UdpSocket } from "../src/UdpSocket.ts"

/** More than one batch takes, and room for them in a receive buffer that nobody enlarged. */
const datagrams = 300
/** Of UDP over IPv4. */
const largest = 65_507

interface Received {
  readonly peer: PeerAddress
  readonly text: string
}

const open = Effect.fnUntraced(function* (host: string, port = 0, reusePort = false, batches = true) {
  const received = yield* Queue.unbounded<Received>()
  const socket: UdpSocket = yield* openUdpSocket({
    host,
    port,
    reusePort,
    batches,
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
        const socket = createSocket({
          type: host.includes(":") ? "udp6" : "udp4",
          recvBufferSize: 1 << 22,
          sendBufferSize: 1 << 20
        })
        socket.on("message", (bytes) => Queue.offerUnsafe(answers, bytes.toString()))
        socket.bind(0, host, () => resume(Effect.succeed(socket)))
      }),
      (socket) => Effect.sync(() => socket.close())
    )
    return { send: (text: string, port: number) => socket.send(text, port, host), port: socket.address().port, answers }
  })

const families = [
  ["127.0.0.1", "127.0.0.1"],
  ["::1", "::1"],
  // Both families on one socket: IPv4 peers keep their IPv4 address in frames and cookies.
  ["::", "127.0.0.1"]
] as const

describe("UdpSocket", () => {
  it.live("uses batches wherever the calls for them are there", () =>
    Effect.gen(function* () {
      for (const [bound] of families) {
        assert.strictEqual((yield* open(bound)).socket.batched, libcSockets() !== undefined)
        assert.isFalse((yield* open(bound, 0, false, false)).socket.batched)
      }
    }).pipe(Effect.scoped)
  )

  for (const [[bound, host], batches] of families.flatMap((family) => [
    [family, true] as const,
    [family, false] as const
  ])) {
    const way = batches ? "in batches" : "one by one"
    it.live(`answers a peer at ${host} on a socket bound to ${bound}, ${way}`, () =>
      Effect.gen(function* () {
        const { received, socket } = yield* open(bound, 0, false, batches)
        const peer = yield* client(host)
        peer.send("up", socket.port)
        const { peer: from, text } = yield* Queue.take(received)
        assert.strictEqual(text, "up")
        const shown = host === "::1" ? `[::1]:${peer.port}` : `${host}:${peer.port}`
        assert.strictEqual(formatPeerAddress(from), shown)
        socket.send(from, Buffer.from("down"))
        assert.strictEqual(yield* Queue.take(peer.answers), "down")
      }).pipe(Effect.scoped)
    )

    it.live(`takes and sends more in a turn than a batch has room for, at ${host} on ${bound}, ${way}`, () =>
      Effect.gen(function* () {
        const { received, socket } = yield* open(bound, 0, false, batches)
        const peer = yield* client(host)
        // Longer ones, which no batch sends, among them.
        const textOf = (i: number) => `${i} `.padEnd(i % 50 === 7 ? 5000 : 30, "x")
        for (let i = 0; i < datagrams; i++) peer.send(textOf(i), socket.port)
        const all = new Set<string>()
        for (let i = 0; i < datagrams; i++) all.add((yield* Queue.take(received)).text)
        for (let i = 0; i < datagrams; i++) assert.isTrue(all.has(textOf(i)))
        const from = parsePeerAddress(host, peer.port)!
        for (let i = 0; i < datagrams; i++) socket.send(from, Buffer.from(textOf(i)))
        const answers = new Set<string>()
        for (let i = 0; i < datagrams; i++) answers.add(yield* Queue.take(peer.answers))
        for (let i = 0; i < datagrams; i++) assert.isTrue(answers.has(textOf(i)))
      }).pipe(Effect.scoped)
    )

    it.live(`receives the largest datagram there is at ${host} on ${bound}, ${way}`, () =>
      Effect.gen(function* () {
        const { received, socket } = yield* open(bound, 0, false, batches)
        const peer = yield* client(host)
        // The second one comes by the batch that the first one is the sign for.
        for (const letter of ["a", "b"]) peer.send(letter.repeat(largest), socket.port)
        assert.strictEqual((yield* Queue.take(received)).text, "a".repeat(largest))
        assert.strictEqual((yield* Queue.take(received)).text, "b".repeat(largest))
      }).pipe(Effect.scoped)
    )

    it.live(`sends nothing to port 0, and goes on, at ${host} on ${bound}, ${way}`, () =>
      Effect.gen(function* () {
        const { socket } = yield* open(bound, 0, false, batches)
        const peer = yield* client(host)
        socket.send(parsePeerAddress(host, peer.port)!, Buffer.from("before"))
        socket.send(parsePeerAddress(host, 0)!, Buffer.from("nowhere"))
        socket.send(parsePeerAddress(host, peer.port)!, Buffer.from("after"))
        const answers = [yield* Queue.take(peer.answers), yield* Queue.take(peer.answers)]
        assert.sameMembers(answers, ["before", "after"])
      }).pipe(Effect.scoped)
    )
  }

  for (const [bound, host] of families) {
    it.live(`leaves datagrams in the kernel while paused, and delivers them by resuming, at ${host} on ${bound}`, () =>
      Effect.gen(function* () {
        const { received, socket } = yield* open(bound)
        const other = yield* open(bound)
        const peer = yield* client(host)
        socket.pause()
        socket.pause()
        for (let i = 0; i < datagrams; i++) peer.send(`${i}`, socket.port)
        // Loopback keeps the order: what was sent before is there when this one is.
        peer.send("sent", other.socket.port)
        yield* Queue.take(other.received)
        if (socket.batched) assert.strictEqual(Queue.sizeUnsafe(received), 0)
        socket.resume()
        if (socket.batched) assert.strictEqual(Queue.sizeUnsafe(received), datagrams)
        peer.send("next", socket.port)
        for (let i = 0; i < datagrams; i++) assert.strictEqual((yield* Queue.take(received)).text, `${i}`)
        assert.strictEqual((yield* Queue.take(received)).text, "next")
      }).pipe(Effect.scoped)
    )
  }

  it.live("sends what it still has when its scope ends", () =>
    Effect.gen(function* () {
      const peer = yield* client("127.0.0.1")
      const to = parsePeerAddress("127.0.0.1", peer.port)!
      yield* Effect.scoped(
        open("127.0.0.1").pipe(Effect.map(({ socket }) => socket.send(to, Buffer.from("last words"))))
      )
      assert.strictEqual(yield* Queue.take(peer.answers), "last words")
    }).pipe(Effect.scoped)
  )

  it.live("says whose port it is when it is taken", () =>
    Effect.gen(function* () {
      const { socket } = yield* open("127.0.0.1")
      const error = yield* Effect.flip(open("127.0.0.1", socket.port))
      const [fault] = faultsOf(Cause.fail(error), [], configuredBy({}))
      assert.strictEqual(fault?.variable, "ROOST_UDP_PORT")
      assert.include(fault?.text, `127.0.0.1 port ${socket.port}`)
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
      socket.pause()
      socket.resume()
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
