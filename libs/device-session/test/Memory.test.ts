import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { assert, describe, it } from "@effect/vitest"
import { defaultDeviceSessionConfig } from "../src/state/DeviceSessionConfig.ts"
import { frameInboxLimits } from "../src/service/FrameInbox.ts"
import { defaultMailLimits } from "@roost/actors"
import { World } from "./support/World.ts"

setFlagsFromString("--expose-gc")
const collectGarbage: () => void = runInNewContext("gc")
const heapBytes = (): number => {
  // Memory of array buffers outside of the heap is given back by the collection after the one that found them unused.
  for (let i = 0; i < 4; i++) collectGarbage()
  const { external, heapUsed } = process.memoryUsage()
  return heapUsed + external
}

/** Of handshakes with made-up keys, which stay until their time is over. */
const heapPerHandshake = (handshakes: number, perSecondMax: number): number => {
  const world = new World({ handOffs: { ...defaultDeviceSessionConfig.handOffs, perSecondMax } })
  const before = heapBytes()
  for (let i = 0; i < handshakes; i++) world.device(`made up ${i}`, 2000 + i, { secret: "wrong" }).connect()
  world.forget()
  const after = heapBytes()
  assert.isAtLeast(world.host.gauges.handshakes + world.host.waiting.handshakes, handshakes)
  return (after - before) / handshakes
}

describe("what strangers can make a node keep", () => {
  it("fits a container of 256 MB beside tens of thousands of devices (trust G4)", () => {
    // Of 2000, since 2 MB are there once, whatever comes: code that the first one compiled, strangers that wait, texts of refusals.
    const pending = heapPerHandshake(2000, 1_000_000)
    const waiting = heapPerHandshake(1000, 1)
    const { handOffs, handshakesMax } = defaultDeviceSessionConfig
    // Two lanes of frames.
    const bytes =
      pending * handshakesMax +
      waiting * handOffs.waitingMax +
      defaultMailLimits.bytesMax +
      2 * frameInboxLimits.bytesMax
    assert.isBelow(bytes / 1e6, 120, JSON.stringify({ pending, waiting }))
  })
})
