/**
 * CPU of a full handshake in the actors, of the thread that does it: from the edge's frame to the answer, without NATS. V8's compiler
 * works beside it during a short run. Every device shakes hands in every round, by two handshakes in turn; writes of sessions are
 * answered 64 handshakes later.
 *
 *     npx node libs/device-session/benchmark/Handshake.ts
 */
import { getHeapStatistics } from "node:v8"
import { World } from "../test/support/World.ts"

const devicesCount = 2000
const rounds = 25
const warmUpRounds = 10
const perTurn = 64

const world = new World()
/**
 * Two handshakes of each device from one address. It is in by one of them: the same one again would be a copy, and make no session.
 * From two addresses it would be a device and its clone, of which operators hear each time.
 */
const frames: ReadonlyArray<Array<Uint8Array>> = [[], []]
for (const framesOf of frames) {
  for (let i = 0; i < devicesCount; i++) {
    const handle = world.host.handleFrame.bind(world.host)
    world.host.handleFrame = (now, frame) => {
      framesOf[i] ??= frame
      handle(now, frame)
    }
    world.device(`dev${i}`, 1 + i, { lifetime: 86_400, connectionId: undefined }).connect()
    world.host.handleFrame = handle
  }
  world.now += 1000
}
world.forget()

const allocated = (): number =>
  (getHeapStatistics() as unknown as { readonly total_allocated_bytes?: number }).total_allocated_bytes ?? 0

let micros = 0
let bytes = 0
for (let round = 0; round < warmUpRounds + rounds; round++) {
  world.now += 1000
  const { handshakesEstablished } = world.host.counters
  const bytesBefore = allocated()
  const start = process.threadCpuUsage()
  for (let i = 0; i < devicesCount; i++) {
    world.host.handleFrame(world.now, frames[round % 2]![i]!)
    if (i % perTurn === perTurn - 1 || i === devicesCount - 1) world.settle()
  }
  const { system, user } = process.threadCpuUsage(start)
  if (world.host.counters.handshakesEstablished - handshakesEstablished !== devicesCount)
    throw new Error("a handshake failed")
  if (round >= warmUpRounds) {
    micros += user + system
    bytes += allocated() - bytesBefore
  }
  world.forget()
}
const per = (sum: number): number => sum / (rounds * devicesCount)
console.log(`${per(micros).toFixed(1)} µs  a full handshake in the actors, ${devicesCount} devices`)
if (bytes > 0) console.log(`${per(bytes).toFixed(0)} bytes of heap are allocated for it`)
