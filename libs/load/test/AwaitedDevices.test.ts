import { assert, describe, it } from "vitest"
import { AwaitedDevices } from "../src/AwaitedDevices.ts"
import { Activity, LoadDevice } from "../src/LoadDevice.ts"
import { ReadyLine } from "../src/ReadyLine.ts"
import { StartSchedule } from "../src/StartSchedule.ts"

const fleet = (devices: number) => Array.from({ length: devices }, (_, index) => new LoadDevice(index, true, () => 0))

describe("AwaitedDevices", () => {
  it("waits for each device once, and counts those that came online meanwhile", () => {
    const [first, second, other] = fleet(3)
    const awaited = new AwaitedDevices()
    awaited.begin([first!, second!])
    for (const device of [first!, other!]) awaited.connected(device)
    assert.deepStrictEqual(
      [awaited.settle(first!), awaited.settle(first!), awaited.settle(other!)],
      [true, false, false]
    )
    assert.deepStrictEqual([awaited.left, awaited.cameOnline], [1, 1])
  })

  it("waits for nobody once it is over", () => {
    const devices = fleet(2)
    const awaited = new AwaitedDevices()
    awaited.begin(devices)
    awaited.end(devices)
    assert.strictEqual(awaited.left, 0)
    assert.isFalse(devices.some((device) => awaited.settle(device)))
  })
})

describe("StartSchedule", () => {
  it("spreads devices over the time, in order, and begins none after its end", () => {
    const starts = new StartSchedule()
    starts.begin(1_000, 5, 9, 2)
    const taken = (now: number) => {
      const indices: Array<number> = []
      for (let start = starts.take(now); start !== undefined; start = starts.take(now)) indices.push(start.index)
      return indices
    }
    assert.deepStrictEqual([taken(1_000), taken(1_499), taken(2_000)], [[5], [], [6, 7]])
    starts.end()
    assert.deepStrictEqual(taken(9_000), [])
  })

  it("has all due at once over no time", () => {
    const starts = new StartSchedule()
    starts.begin(1_000, 0, 3, 0)
    assert.deepStrictEqual(
      [1, 2, 3].map(() => starts.take(1_000.001)?.index),
      [0, 1, 2]
    )
  })
})

describe("ReadyLine", () => {
  it("has each device once, and passes over those that may not send any more", () => {
    const [first, second] = fleet(2)
    const line = new ReadyLine()
    first!.activity = second!.activity = Activity.Ready
    for (const device of [first!, second!, first!]) line.add(device)
    first!.activity = Activity.Offline
    assert.strictEqual(line.next(), second)
    assert.isUndefined(line.next())
    first!.activity = Activity.Ready
    line.add(first!)
    assert.strictEqual(line.next(), first)
  })
})
