import { assert, describe, it } from "@effect/vitest"
import { FrameKind, parsePeerAddress } from "@roost/contracts"
import {
  expectedMillisMax,
  heldBytesMax,
  heldBytesPerPartitionMax,
  heldUnroutedMax,
  Shares
} from "../src/host/Shares.ts"
import type { EdgeLink } from "../src/state/EdgeLink.ts"
import type { Held } from "../src/state/Held.ts"

const entry = (partition: number, bytes: number, port = 1, host = "192.0.2.1"): Held => ({
  edge: {} as EdgeLink,
  kind: FrameKind.Datagram,
  partition,
  peer: parsePeerAddress(host, port)!,
  body: new Uint8Array(bytes)
})

describe("what waits for a partition", () => {
  it("has no more bytes than a partition may have, and gives them back when it is loaded (trust A5)", () => {
    const shares = new Shares()
    shares.add(0, 7, 1)
    for (let i = 0; i < 100; i++) shares.hold(0, entry(7, 60_000))
    assert.isAtMost(shares.heldBytes, heldBytesPerPartitionMax)
    assert.isAbove(shares.heldBytes, 0)
    shares.open(shares.get(7)!)
    assert.strictEqual(shares.heldBytes, 0)
  })

  it("has no more bytes than all partitions together may have (trust A5)", () => {
    const shares = new Shares()
    for (let partition = 0; partition < 512; partition++) {
      shares.add(0, partition, 1)
      for (let i = 0; i < 3; i++) shares.hold(0, entry(partition, 40_000))
    }
    assert.isAtMost(shares.heldBytes, heldBytesMax)
    for (let partition = 0; partition < 512; partition++) shares.remove(shares.get(partition)!)
    assert.strictEqual(shares.heldBytes, 0)
  })

  it("is forgotten if the partition does not come (trust A5)", () => {
    const shares = new Shares()
    for (let partition = 0; partition < 100; partition++) shares.hold(0, entry(partition, 1000))
    assert.strictEqual(shares.heldBytes, 100_000)
    shares.expire(expectedMillisMax)
    assert.strictEqual(shares.heldBytes, 0)
  })

  it("is of any source while there is room, then the source with the most loses its oldest (trust A5)", () => {
    const shares = new Shares()
    shares.add(0, 7, 1)
    const honest = entry(0, 100, 1, "198.51.100.1")
    shares.holdUnrouted(honest)
    for (let i = 0; i < heldUnroutedMax + 500; i++) shares.holdUnrouted(entry(0, 100, 1 + i))
    assert.strictEqual(shares.heldBytes, heldUnroutedMax * 100)
    const held = shares.open(shares.get(7)!)
    assert.strictEqual(held.length, heldUnroutedMax)
    assert.include(held, honest)
    assert.strictEqual(shares.heldBytes, 0)
  })
})
