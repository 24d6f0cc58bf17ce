/**
 * The edge's cost per datagram, in CPU time of the process (user and system). Run:
 * `npx node --expose-gc libs/edge/benchmark/Datagram.ts`; figures and their conditions are in README.md here.
 */
import { FrameKind, FrameReader, FrameWriter, parsePeerAddress } from "@roost/contracts"
import { Effect } from "effect"
import { type ChildProcess, fork } from "node:child_process"
import { createSocket } from "node:dgram"
import { GenerationMap } from "../src/GenerationMap.ts"
import { openUdpSocket, type UdpSocket } from "../src/UdpSocket.ts"
import { EdgeWorld } from "../test/support/EdgeWorld.ts"

const peersCount = 10_000
const perTurn = 32
const bodyBytes = 150

const record = (cid: ReadonlyArray<number>): Uint8Array => {
  const bytes = new Uint8Array(13 + cid.length + bodyBytes)
  bytes.set([cid.length > 0 ? 25 : 23, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 9, ...cid, 0, bodyBytes])
  return bytes
}

const cpuMicros = (): number => {
  const { system, user } = process.cpuUsage()
  return user + system
}

const report = (name: string, micros: number, count: number): void =>
  console.log(`${name}: ${(micros / count).toFixed(2)} µs CPU per datagram`)

const measureCore = (): void => {
  const world = new EdgeWorld()
  const cids = Array.from({ length: peersCount }, (_, i) => [i >> 8, i & 0xff, 7, 7, 7, 7, 7, 7])
  const peers = Array.from({ length: peersCount }, (_, i) => parsePeerAddress(`10.0.${i >> 8}.${i & 0xff}`, 5000)!)
  peers.forEach((peer, i) => world.tell(FrameKind.Route, i % 512, peer, Uint8Array.from(cids[i]!)))
  const byAddress = record([])
  const byCid = cids.map(record)
  const run = (name: string, datagramOf: (i: number) => Uint8Array, count: number): void => {
    const start = cpuMicros()
    for (let i = 0; i < count; i++) {
      world.core.handleDatagram(world.now, peers[i % peersCount]!, datagramOf(i % peersCount))
      if (i % perTurn === perTurn - 1) {
        world.core.flush()
        world.frames.length = 0
      }
    }
    report(name, cpuMicros() - start, count)
  }
  run("warm-up", () => byAddress, 200_000)
  run("core, up, by address", () => byAddress, 1_000_000)
  run("core, up, by connection id", (i) => byCid[i]!, 1_000_000)

  const writer = new FrameWriter("a")
  for (let i = 0; i < perTurn; i++) writer.add(FrameKind.Send, 1, peers[i]!, byAddress)
  const frame = writer.take()
  const frames = 30_000
  const start = cpuMicros()
  for (let i = 0; i < frames; i++) {
    world.core.handleFrame(world.now, frame)
    world.sent.length = 0
  }
  report("core, down, with a copy by the test", cpuMicros() - start, frames * perTurn)
  const readStart = cpuMicros()
  for (let i = 0; i < frames; i++) for (const reader = new FrameReader(frame); reader.next(););
  report("  of which reading frames", cpuMicros() - readStart, frames * perTurn)
}

const measureMemory = (): void => {
  const entries = 1_000_000
  globalThis.gc?.()
  const before = process.memoryUsage()
  const map = new GenerationMap<number | string, number>(entries * 2)
  for (let i = 0; i < entries; i++) map.set(0x0a00_0000_0000 + i * 4099, i % 512)
  globalThis.gc?.()
  const after = process.memoryUsage()
  console.log(`route table: ${((after.heapUsed - before.heapUsed) / map.size).toFixed(0)} bytes per IPv4 address or id`)
}

/** A real socket: another process sends in bursts and waits for as many answers. */
const measureSocket = (echo: boolean, batches: boolean): Promise<void> =>
  Effect.runPromise(
    Effect.scoped(
      Effect.gen(function* () {
        let received = 0
        const socket: UdpSocket = yield* openUdpSocket({
          host: "127.0.0.1",
          port: 0,
          reusePort: false,
          batches,
          onDatagram: (peer, datagram) => {
            received++
            if (echo || received % perTurn === 0) socket.send(peer, datagram)
          },
          onUnanswerable: () => undefined,
          onError: (error) => console.log(error.message)
        })
        const child = yield* Effect.acquireRelease(
          Effect.sync(() => fork(new URL(import.meta.url).pathname, ["client", String(socket.port), String(echo)])),
          (child) => Effect.sync(() => child.kill())
        )
        yield* message(child)
        const start = cpuMicros()
        received = 0
        yield* message(child)
        const way = socket.batched ? "in batches" : "one by one"
        report(`socket, receive${echo ? " and answer" : ""}, ${way}`, cpuMicros() - start, received)
      })
    )
  )

const message = (child: ChildProcess) =>
  Effect.callback<void>((resume) => void child.once("message", () => resume(Effect.void)))

const runClient = (port: number, echo: boolean): void => {
  process.once("disconnect", () => process.exit())
  const socket = createSocket({ type: "udp4", recvBufferSize: 1 << 22 })
  const datagram = record([])
  const warmUp = 50_000
  const total = 350_000
  let sent = 0
  let answered = 0
  const burst = () => {
    for (let i = 0; i < perTurn; i++) socket.send(datagram, port, "127.0.0.1")
    sent += perTurn
    if (sent - perTurn < warmUp && sent >= warmUp) process.send!("warm")
    if (sent - perTurn < total && sent >= total) process.send!("done")
  }
  socket.on("message", () => {
    answered += echo ? 1 : perTurn
    if (answered % perTurn === 0 && sent < total) burst()
  })
  socket.bind(0, "127.0.0.1", () => {
    for (let i = 0; i < 4; i++) burst()
  })
}

const [role, port, echo] = process.argv.slice(2)
if (role === "client") {
  runClient(Number(port), echo === "true")
} else {
  measureCore()
  measureMemory()
  for (const batches of [false, true]) {
    await measureSocket(false, batches)
    await measureSocket(true, batches)
  }
}
