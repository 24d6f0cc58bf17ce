import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import { isInRanges, nodeSilenceMillisMax, parsePartitionRanges, PlacementMap } from "../src/index.ts"

const announce = (nodeId: string, partitions: ReadonlyArray<readonly [number, number]>, term = 1, leaving = false) => ({
  nodeId,
  partitions,
  term,
  leaving
})

describe("PlacementMap", () => {
  it("divides the partitions as the nodes announce them", () => {
    const map = new PlacementMap()
    map.handle(0, announce("a", [[0, 255]]))
    assert.strictEqual(map.unowned, 256)
    map.handle(0, announce("b", [[256, 511]]))
    assert.deepStrictEqual([map.ownerOf(0), map.ownerOf(255), map.ownerOf(256), map.ownerOf(511)], ["a", "a", "b", "b"])
    assert.strictEqual(map.unowned, 0)
  })

  it("forgets a node that fell silent and one that says it leaves", () => {
    const map = new PlacementMap()
    map.handle(0, announce("a", [[0, 255]]))
    map.handle(0, announce("b", [[256, 511]]))
    map.handle(nodeSilenceMillisMax, announce("b", [[256, 511]]))
    map.expire(nodeSilenceMillisMax)
    assert.strictEqual(map.nodes, 2)
    map.expire(nodeSilenceMillisMax + 1)
    assert.deepStrictEqual([map.ownerOf(0), map.ownerOf(511)], [undefined, "b"])
    map.handle(nodeSilenceMillisMax + 1, announce("b", [], 1, true))
    assert.isUndefined(map.ownerOf(511))
  })

  it("lets the higher term win, then the smaller id, in whatever order they are heard", () => {
    for (const order of [
      ["a", "b"],
      ["b", "a"]
    ]) {
      const map = new PlacementMap()
      for (const nodeId of order) map.handle(0, announce(nodeId, [[0, 9]]))
      assert.strictEqual(map.ownerOf(5), "a")
      map.handle(0, announce("b", [[0, 9]], 2))
      assert.strictEqual(map.ownerOf(5), "b")
      map.handle(0, announce("b", [[0, 4]], 3))
      assert.deepStrictEqual([map.ownerOf(4), map.ownerOf(5)], ["b", "a"])
    }
  })

  it("survives ranges beyond the cluster's", () => {
    const map = new PlacementMap()
    map.handle(0, announce("a", [[-5, 100_000]]))
    assert.strictEqual(map.unowned, 0)
    assert.isUndefined(map.ownerOf(512))
  })
})

describe("parsePartitionRanges", () => {
  it("reads ranges and single partitions", () => {
    const ranges = Result.getOrThrow(parsePartitionRanges("0-255, 300"))
    assert.deepStrictEqual(ranges, [
      [0, 255],
      [300, 300]
    ])
    assert.isTrue(isInRanges(ranges, 300))
    assert.isFalse(isInRanges(ranges, 256))
  })

  for (const text of ["", "a", "5-1", "0-512", "1-2-3", "-1"]) {
    it(`refuses "${text}"`, () => assert.isTrue(Result.isFailure(parsePartitionRanges(text))))
  }
})
