import { assert, describe, it } from "@effect/vitest"
import { FrameKind, FrameWriter } from "@roost/contracts"
import { seededRandom } from "@roost/random"
import { EdgeWorld, TestDevice } from "./support/EdgeWorld.ts"
import { peerOf } from "./support/Peers.ts"

/** The same run every time; the seed is in the test's name. */
const randomOf = (seed: number) => {
  const random = seededRandom(seed)
  return (below: number) => Math.floor(random() * below)
}

const mutate = (random: (below: number) => number, bytes: Uint8Array): Uint8Array => {
  const mutated = bytes.slice(0, random(4) === 0 ? random(bytes.length + 1) : bytes.length)
  for (let i = random(4); i > 0 && mutated.length > 0; i--) {
    // Headers are where decisions are made.
    mutated[random(random(2) === 0 ? Math.min(30, mutated.length) : mutated.length)] = random(256)
  }
  return mutated
}

describe("EdgeCore under spoiled input", () => {
  for (const seed of [1, 20_260, 777]) {
    it(`neither throws nor outgrows its limits, and serves the next device (seed ${seed}) (F2)`, () => {
      const random = randomOf(seed)
      const limits = { routesMax: 50, handedOffMax: 50, ratesMax: 50, unroutedPeersMax: 50, resumesMax: 5 }
      const world = new EdgeWorld(limits)
      const first = new TestDevice(world, "meter-1", { connectionId: new Uint8Array(0) })
      const flight = first.untilKeyExchange()
      const other = new TestDevice(world, "meter-1", {}, peerOf(41_000))
      other.connect()
      const resuming = new TestDevice(world, "meter-1", { resume: other.client.session })
      const samples = [...flight, ...resuming.start(), other.data("up")]
      const writer = new FrameWriter("a")
      for (const kind of Object.values(FrameKind)) writer.add(kind, 3, peerOf(9), new Uint8Array(8).fill(kind))
      const frame = writer.take()
      for (let i = 0; i < 20_000; i++) {
        const peer = peerOf(random(500), random(2) === 0 ? "192.0.2.7" : "2001:db8::7")
        world.receive(peer, mutate(random, samples[random(samples.length)]!))
        if (i % 4 === 0) world.core.handleFrame(world.now, mutate(random, frame))
        if (i % 100 === 0) world.pass(random(400))
        if (i % 100 === 50) world.entries()
        world.sent.length = 0
        const { handedOff, resumes, routesByCid, routesByPeer } = world.core.gauges
        assert.isAtMost(Math.max(handedOff, routesByCid, routesByPeer), 50)
        assert.isAtMost(resumes, 5)
      }
      world.entries()
      const device = new TestDevice(world, "meter-2", {}, peerOf(42_000))
      device.connect()
      assert.isDefined(device.client.session)
    })
  }
})
