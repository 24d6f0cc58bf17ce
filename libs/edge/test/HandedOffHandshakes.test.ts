import { assert, describe, it } from "@effect/vitest"
import { FrameKind } from "@roost/contracts"
import { defaultEdgeLimits } from "../src/EdgeLimits.ts"
import { HandedOffHandshakes } from "../src/HandedOffHandshakes.ts"
import { peerOf } from "./support/Peers.ts"

const now = 1_700_000_000_000
const peer = peerOf(1)
const half = { kind: FrameKind.RepeatedHalfHandshake, peer, body: Uint8Array.of(1, 2, 3) }
const handedOff = (...partitions: ReadonlyArray<number>) => {
  const all = new HandedOffHandshakes(defaultEdgeLimits)
  for (const partition of partitions) {
    all.add(peer.key, partition)
    all.keep(now, partition, 9, half)
  }
  return all
}

describe("HandedOffHandshakes", () => {
  it("ends all that was begun from an address when one of its owners confirms, a forgery's half too", () => {
    const all = handedOff(3, 4)
    assert.isTrue(all.confirmed(peer.key, 3))
    assert.deepStrictEqual([all.size, all.of(peer.key)], [0, []])
    all.add(peer.key, 4)
    assert.deepStrictEqual(all.forOwner(now, peer.key, 4, 10), [])
  })

  it("ends nothing by the word of an owner that was handed nothing", () => {
    const all = handedOff(3)
    assert.isFalse(all.confirmed(peer.key, 4))
    assert.deepStrictEqual(all.of(peer.key), [3])
    assert.lengthOf(all.forOwner(now, peer.key, 3, 10), 1)
  })

  it("has no half for a partition that goes on with nothing of the peer", () => {
    assert.deepStrictEqual(handedOff(3).forOwner(now, peer.key, 4, 10), [])
  })

  it("forgets a peer at the second turn without use", () => {
    const all = handedOff(3)
    all.turn(now)
    assert.isTrue(all.has(peer.key))
    all.turn(now)
    assert.isFalse(all.has(peer.key))
  })
})
