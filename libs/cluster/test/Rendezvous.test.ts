import { assert, describe, it } from "@effect/vitest"
import { partitionCount } from "@roost/contracts"
import { rendezvousOwner } from "../src/index.ts"

const partitions = Array.from({ length: partitionCount }, (_, index) => index)
const nodes = ["n0", "n1", "n2", "n3", "n4"]

describe("rendezvousOwner", () => {
  it("has nobody to give to without nodes", () => assert.isUndefined(rendezvousOwner(3, [])))

  it("does not depend on the order in which nodes are known", () => {
    for (const partition of partitions) {
      assert.strictEqual(rendezvousOwner(partition, nodes), rendezvousOwner(partition, nodes.toReversed()))
    }
  })

  it("moves nothing but what a joining node takes, and what a leaving node had", () => {
    for (let size = 1; size < nodes.length; size++) {
      const before = nodes.slice(0, size)
      const after = nodes.slice(0, size + 1)
      for (const partition of partitions) {
        const [was, is] = [rendezvousOwner(partition, before), rendezvousOwner(partition, after)]
        assert.isTrue(is === was || is === after.at(-1))
      }
    }
  })

  it("gives each of five nodes a fifth, within a third of it", () => {
    const counts = Map.groupBy(partitions, (partition) => rendezvousOwner(partition, nodes))
    for (const node of nodes) {
      const { length } = counts.get(node)!
      assert.isAbove(length, (partitionCount / 5) * (2 / 3))
      assert.isBelow(length, (partitionCount / 5) * (4 / 3))
    }
  })
})
