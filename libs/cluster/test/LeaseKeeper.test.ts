import { assert, describe, it } from "@effect/vitest"
import type { LeaseAction } from "../src/LeaseAction.ts"
import { LeaseKeeper } from "../src/LeaseKeeper.ts"
import { defaultLeaseTiming } from "../src/LeaseTiming.ts"

const { leaseMillis, marginMillis, writeMillisMax } = defaultLeaseTiming
const record = (beat: number) => ({ nodeId: "node0001", beat, leaving: false })

/** A keeper alone whose record is stored. */
const joined = (partitions = 1) => {
  const keeper = new LeaseKeeper({ timing: defaultLeaseTiming, newIncarnation: () => "own", partitions })
  keeper.reading()
  let actions = keeper.read(0)
  for (const action of actions) {
    if (action._tag === "WriteNode") {
      actions = keeper.nodeWritten(0, action.beat, { _tag: "Stored", revision: 1 })
      actions = [...actions, ...keeper.nodeSeen(0, "own", record(action.beat), 1)]
    }
  }
  return { keeper, actions }
}

const claimOf = (actions: ReadonlyArray<LeaseAction>) => actions.find(({ _tag }) => _tag === "WritePartition")

describe("LeaseKeeper", () => {
  it("reads the bucket anew, once, where writes meet what no watch has told, and goes on from what is there (trust F3)", () => {
    const { actions, keeper } = joined()
    let [now, revision] = [0, 1]
    let claims = claimOf(actions) === undefined ? 0 : 1
    const rereadings: Array<number> = []
    const play = (played: ReadonlyArray<LeaseAction>): void => {
      for (const action of played) {
        if (action._tag === "WriteNode") {
          play(keeper.nodeWritten(now, action.beat, { _tag: "Stored", revision: ++revision }))
        } else if (action._tag === "WritePartition") {
          claims++
          assert.strictEqual((action as { readonly revision: number }).revision, 0)
          play(keeper.partitionWritten(now, 0, { _tag: "Conflict" }))
        } else if (action._tag === "Reread") rereadings.push(now)
      }
    }
    play(actions)
    while (rereadings.length === 0 && now < 60_000) play(keeper.handleTimeout((now += writeMillisMax / 3)))
    assert.isAtLeast(claims, 3)
    assert.strictEqual(rereadings.length, 1)
    const renewed: Array<LeaseAction> = []
    const settle = (settled: ReadonlyArray<LeaseAction>): void => {
      renewed.push(...settled)
      for (const action of settled) {
        if (action._tag !== "WriteNode") continue
        settle(keeper.nodeWritten(now, action.beat, { _tag: "Stored", revision: ++revision }))
      }
    }
    keeper.reading()
    settle(keeper.nodeSeen(now, "own", record(0), revision))
    settle(keeper.partitionSeen(now, 0, "", 77))
    settle(keeper.read(now))
    while (claimOf(renewed) === undefined && now < 120_000) settle(keeper.handleTimeout((now += 100)))
    assert.deepInclude(claimOf(renewed), { _tag: "WritePartition", partition: 0, revision: 77, owner: "own" })
  })

  it("gives others a lease to find their way back after an outage of the store, before it calls them silent (trust F4)", () => {
    const { actions, keeper } = joined()
    let [now, beat, revision, isAway] = [0, 0, 1, false]
    const other = { ...record(1), nodeId: "node0002", revision: 1000 }
    const ended: Array<number> = []
    const play = (played: ReadonlyArray<LeaseAction>): void => {
      for (const action of played) {
        if (action._tag === "DeleteNode" && action.incarnation === "other") ended.push(now)
        if (action._tag === "WriteNode") {
          if (!isAway) [beat, revision] = [action.beat, revision + 1]
          play(keeper.nodeWritten(now, action.beat, isAway ? { _tag: "Unknown" } : { _tag: "Stored", revision }))
        } else if (action._tag === "ReadNode") {
          const found = action.incarnation === "other" ? other : { ...record(beat), revision }
          play(keeper.nodeRead(now, action.incarnation, isAway ? "failed" : found))
        }
      }
    }
    const passTime = (until: number) => {
      while (now < until) play(keeper.handleTimeout((now += 100)))
    }
    play(actions)
    play(keeper.nodeSeen(now, "other", other, other.revision))
    isAway = true
    passTime(3 * leaseMillis)
    isAway = false
    passTime(now + leaseMillis + marginMillis + 1000)
    assert.deepStrictEqual(ended, [])
    passTime(now + leaseMillis)
    assert.lengthOf(ended, 1)
  })

  it("waits no longer than a lease and its margin for nodes of before, where it starts after them", () => {
    const { actions, keeper } = joined()
    let [now, revision] = [0, 1]
    const ended: Array<number> = []
    const play = (played: ReadonlyArray<LeaseAction>): void => {
      for (const action of played) {
        if (action._tag === "DeleteNode" && action.incarnation === "former") ended.push(now)
        if (action._tag !== "WriteNode") continue
        play(keeper.nodeWritten(now, action.beat, { _tag: "Stored", revision: ++revision }))
      }
    }
    play(keeper.nodeSeen(now, "former", { ...record(9), nodeId: "node0002" }, 1000))
    play(actions)
    while (ended.length === 0 && now < 60_000) play(keeper.handleTimeout((now += 100)))
    assert.approximately(ended[0]!, leaseMillis + marginMillis, 200)
  })

  it("claims on while partitions that it has claimed are being loaded", () => {
    const { actions, keeper } = joined(512)
    const acquiring: Array<number> = []
    let revision = 1
    let waiting: ReadonlyArray<LeaseAction> = actions
    while (waiting.length > 0) {
      const answered = waiting
      waiting = []
      assert.isAtMost(answered.filter(({ _tag }) => _tag === "WritePartition").length, defaultLeaseTiming.claimsMax)
      for (const action of answered) {
        if (action._tag === "Acquire") acquiring.push(action.partition)
        if (action._tag !== "WritePartition") continue
        waiting = [
          ...waiting,
          ...keeper.partitionWritten(0, action.partition, { _tag: "Stored", revision: ++revision })
        ]
      }
    }
    assert.lengthOf(acquiring, 512)
  })
})
