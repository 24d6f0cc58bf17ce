import { assert, describe, it } from "@effect/vitest"
import { nodeSilenceMillisMax, PlacementMap } from "../src/index.ts"

/** Inclusive ranges, each partition with the same fencing token. */
const announce = (
  nodeId: string,
  ranges: ReadonlyArray<readonly [number, number]>,
  { leaving = false, term = 1, token = 1 } = {}
) => ({
  nodeId,
  partitions: ranges.flatMap(([from, to]) =>
    Array.from({ length: to - from + 1 }, (_, index) => [from + index, token] as const)
  ),
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
    map.handle(nodeSilenceMillisMax + 1, announce("b", [], { leaving: true }))
    assert.isUndefined(map.ownerOf(511))
  })

  it("names the nodes that say that they hold no lease", () => {
    const map = new PlacementMap()
    map.handle(0, announce("a", [[0, 255]]))
    map.handle(0, { ...announce("b", [[256, 511]]), serving: false })
    assert.deepStrictEqual([map.notServing, map.unowned], [["b"], 0])
    map.handle(0, announce("b", [[256, 511]], { term: 2 }))
    assert.deepStrictEqual(map.notServing, [])
  })

  it("believes the higher fencing token, in whatever order they are heard", () => {
    for (const order of [
      ["a", "b"],
      ["b", "a"]
    ]) {
      const map = new PlacementMap()
      for (const nodeId of order) map.handle(0, announce(nodeId, [[0, 9]], { token: nodeId === "b" ? 7 : 3 }))
      assert.strictEqual(map.ownerOf(5), "b")
      map.handle(0, announce("b", [[0, 4]], { term: 2, token: 7 }))
      assert.deepStrictEqual([map.ownerOf(4), map.ownerOf(5)], ["b", "a"])
    }
  })

  it("survives partitions beyond the cluster's", () => {
    const map = new PlacementMap()
    map.handle(0, announce("a", [[-5, 100_000]]))
    assert.strictEqual(map.unowned, 0)
    assert.isUndefined(map.ownerOf(512))
  })

  it("names the nodes whose routing key is another one (trust F7)", () => {
    const map = new PlacementMap()
    const announcement = { partitions: [[1, 7]], term: 1, leaving: false } as const
    map.handle(0, { ...announcement, nodeId: "a", routingKeyCheck: "aa" })
    map.handle(0, { ...announcement, nodeId: "old" })
    map.handle(0, { ...announcement, nodeId: "b", routingKeyCheck: "bb" })
    assert.deepStrictEqual(map.withOtherRoutingKey(["aa"]), ["b"])
    assert.strictEqual(map.tokenOf(1), 7)
    assert.isUndefined(map.tokenOf(2))
  })

  it.each([
    ["before", ["old"]],
    ["able to read the new one", ["old", "new"]],
    ["under the new one", ["new", "old"]],
    ["after", ["new"]]
  ] as const)("a node %s: edges that share a key with it find no fault (trust D2)", (_, node) => {
    const map = new PlacementMap()
    const [routingKeyCheck, previousRoutingKeyCheck] = node
    const checks = { routingKeyCheck, ...(previousRoutingKeyCheck === undefined ? {} : { previousRoutingKeyCheck }) }
    map.handle(0, { partitions: [], term: 1, leaving: false, nodeId: "a", ...checks })
    for (const edge of [["old"], ["old", "new"], ["new", "old"], ["new"]] as const) {
      const shared = edge.some((check) => (node as ReadonlyArray<string>).includes(check))
      assert.deepStrictEqual(map.withOtherRoutingKey(edge), shared ? [] : ["a"], edge.join())
    }
    assert.deepStrictEqual(map.withOtherRoutingKey(["third", "fourth"]), ["a"])
  })
})
