import { assert, describe, it } from "@effect/vitest"
import { defaultMailLimits, type Mail, OwnedPartitions } from "../src/OwnedPartitions.ts"

const limits = defaultMailLimits
const mail = (partition: number, bytes: number): Mail => ({ partition, body: new Uint8Array(bytes) })
const partitions = () => new OwnedPartitions<{ readonly partition: number; readonly key: string }, Mail>(512)

describe("mail for a partition that is loaded", () => {
  it("has no more bytes than a partition may have, and gives them back when it is loaded (trust A5)", () => {
    const owned = partitions()
    owned.add(0, 7, 1)
    for (let i = 0; i < 100; i++) owned.hold(0, mail(7, 60_000))
    assert.isAtMost(owned.heldBytes, limits.bytesPerPartitionMax)
    assert.isAbove(owned.heldBytes, 0)
    owned.open(owned.get(7)!)
    assert.strictEqual(owned.heldBytes, 0)
  })

  it("has no more bytes than all partitions together may have (trust A5)", () => {
    const owned = partitions()
    for (let partition = 0; partition < 512; partition++) {
      owned.add(0, partition, 1)
      for (let i = 0; i < 3; i++) owned.hold(0, mail(partition, 40_000))
    }
    assert.isAtMost(owned.heldBytes, limits.bytesMax)
    for (let partition = 0; partition < 512; partition++) owned.remove(owned.get(partition)!)
    assert.strictEqual(owned.heldBytes, 0)
  })

  it("is forgotten if the partition does not come (trust A5)", () => {
    const owned = partitions()
    for (let partition = 0; partition < 100; partition++) owned.hold(0, mail(partition, 1000))
    assert.strictEqual(owned.heldBytes, 100_000)
    owned.expire(limits.expectedMillisMax)
    assert.strictEqual(owned.heldBytes, 0)
  })

  it("is of any source while there is room, then the source with the most loses its oldest (trust A5)", () => {
    const owned = partitions()
    owned.add(0, 7, 1)
    const honest = mail(0, 100)
    owned.holdForAny("honest", honest)
    for (let i = 0; i < limits.forAnyMax + 500; i++) owned.holdForAny("flood", mail(0, 100))
    assert.strictEqual(owned.heldBytes, limits.forAnyMax * 100)
    const held = owned.open(owned.get(7)!)
    assert.strictEqual(held.length, limits.forAnyMax)
    assert.include(held, honest)
    assert.strictEqual(owned.heldBytes, 0)
  })
})
