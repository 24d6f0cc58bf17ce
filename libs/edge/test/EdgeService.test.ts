import { assert, describe, it } from "@effect/vitest"
import { FrameKind, FrameReader, FrameWriter, type PeerAddress, Subjects } from "@roost/contracts"
import { Client, ContentType, PendingHandshake, type Session } from "@roost/dtls"
import { nodeCrypto as crypto } from "@roost/dtls-crypto"
import { FrameBus } from "@roost/nats"
import { Health, metrics } from "@roost/observability"
import { freeUdpPort } from "@roost/testkit"
import { ConfigProvider, Deferred, Effect, Layer, Logger, Result } from "effect"
import { createSocket } from "node:dgram"
import { EdgeService } from "../src/index.ts"
import { identityOf, psk } from "./support/EdgeWorld.ts"

/** A bus with one node on it that owns everything, completes handshakes and sends records back as they came. */
class EchoNode {
  /** Frames with a half handshake, by edge. */
  readonly handshakesBy = new Map<string, number>()
  readonly #handlers = new Map<string, (bytes: Uint8Array) => void>()
  readonly #sessions = new Map<number | string, Session>()
  readonly layer = Layer.succeed(
    FrameBus,
    FrameBus.of({
      publish: (subject, bytes) => {
        if (subject === Subjects.placementAsk) this.#announce()
        else if (subject.startsWith("roost.frame.")) {
          const frame = bytes.slice()
          setImmediate(() => this.#handleFrame(frame))
        }
        return true
      },
      subscribe: (subject, handler) =>
        Effect.acquireRelease(
          Effect.sync(() => this.#handlers.set(subject, handler)),
          () => Effect.sync(() => this.#handlers.delete(subject))
        ).pipe(Effect.asVoid)
    })
  )

  #announce(): void {
    const announcement = {
      nodeId: "echo",
      partitions: Array.from({ length: 512 }, (_, partition) => [partition, 1]),
      term: 1,
      leaving: false
    }
    this.#handlers.get(Subjects.placementAnnounce)?.(new TextEncoder().encode(JSON.stringify(announcement)))
  }

  #handleFrame(bytes: Uint8Array): void {
    const reader = new FrameReader(bytes)
    const writer = new FrameWriter("echo")
    while (reader.next()) {
      const { body, kind, partition, peer } = reader
      if (kind === FrameKind.HalfHandshake) {
        this.handshakesBy.set(reader.origin, (this.handshakesBy.get(reader.origin) ?? 0) + 1)
        this.#establish(writer, partition, peer, body)
      } else if (kind === FrameKind.Datagram) {
        this.#echo(writer, partition, peer, body)
      }
    }
    if (writer.entries > 0) this.#handlers.get(Subjects.frameToEdge(reader.origin))?.(writer.take())
  }

  #establish(writer: FrameWriter, partition: number, peer: PeerAddress, half: Uint8Array): void {
    const outcome = Result.getOrThrow(PendingHandshake.fromHalf(half)).providePsk(crypto, psk)
    if (outcome._tag !== "Established") return
    this.#sessions.set(peer.key, outcome.session)
    for (const datagram of outcome.reply) writer.add(FrameKind.Send, partition, peer, datagram)
    writer.add(FrameKind.Route, partition, peer, outcome.session.readCid)
  }

  #echo(writer: FrameWriter, partition: number, peer: PeerAddress, datagram: Uint8Array): void {
    const session = this.#sessions.get(peer.key)
    const opened = session?.open(crypto, datagram, 0)
    if (session === undefined || opened?._tag !== "ApplicationData") return
    const answer = session.seal(crypto, ContentType.application_data, opened.plaintext)
    writer.add(FrameKind.Send, partition, peer, Result.getOrThrow(answer))
  }
}

/** An edge in this process; it is gone with the scope. */
const edge = (node: EchoNode, port: number, nodeId: string, reusePort: boolean) =>
  Layer.build(
    EdgeService.layer.pipe(
      Layer.provide([node.layer, Health.layer, Logger.layer([])]),
      Layer.provide(
        ConfigProvider.layer(
          ConfigProvider.fromUnknown({
            ROOST_UDP_HOST: "127.0.0.1",
            ROOST_UDP_PORT: String(port),
            ROOST_UDP_REUSE_PORT: String(reusePort),
            ROOST_ROUTING_KEY: "5a".repeat(32),
            ROOST_NODE_ID: nodeId
          })
        )
      )
    )
  )

/** A device on a real socket: shakes hands, sends a text and gets it back. */
const exchange = (port: number, text: string) =>
  Effect.gen(function* () {
    const answered = yield* Deferred.make<string>()
    const client = new Client({ crypto, identity: identityOf("meter-1"), psk })
    const socket = yield* Effect.acquireRelease(
      Effect.sync(() => createSocket("udp4")),
      (socket) => Effect.sync(() => socket.close())
    )
    const carryOut = (outputs: ReturnType<Client["start"]>) => {
      for (const output of outputs) {
        if (output._tag === "Transmit") socket.send(output.datagram, port, "127.0.0.1")
        if (output._tag === "Connected") {
          socket.send(Result.getOrThrow(client.send(new TextEncoder().encode(text))), port, "127.0.0.1")
        }
        if (output._tag === "Data") Effect.runFork(Deferred.succeed(answered, Buffer.from(output.plaintext).toString()))
      }
    }
    socket.on("message", (bytes) => carryOut(client.handleDatagram(Date.now(), bytes)))
    carryOut(client.start(Date.now()))
    return yield* Deferred.await(answered)
  }).pipe(Effect.scoped)

describe("EdgeService", () => {
  it.live("carries a handshake and records between a device's socket and a node on the bus", () =>
    Effect.gen(function* () {
      const port = yield* freeUdpPort
      const node = new EchoNode()
      yield* edge(node, port, "edge-1", false)
      assert.strictEqual(yield* exchange(port, "21.5"), "21.5")
      const shown = metrics.render()
      assert.include(shown, "roost_edge_handshakes_handed_off_total 1\n")
      assert.include(shown, "roost_edge_routed_by_address_total 1\n")
      assert.include(shown, "roost_edge_kernel_dropped_total 0\n")
    }).pipe(Effect.scoped)
  )

  it.live("runs twice on one port with SO_REUSEPORT, each device served by one of the edges", () =>
    Effect.gen(function* () {
      const port = yield* freeUdpPort
      const node = new EchoNode()
      yield* edge(node, port, "edge-1", true)
      yield* edge(node, port, "edge-2", true)
      const texts = Array.from({ length: 40 }, (_, i) => `device ${i}`)
      const answers = yield* Effect.forEach(texts, (text) => exchange(port, text), { concurrency: 8 })
      assert.deepStrictEqual(answers, texts)
      assert.deepStrictEqual([...node.handshakesBy.keys()].sort(), ["edge-1", "edge-2"])
      assert.strictEqual((node.handshakesBy.get("edge-1") ?? 0) + (node.handshakesBy.get("edge-2") ?? 0), 40)
    }).pipe(Effect.scoped)
  )
})
