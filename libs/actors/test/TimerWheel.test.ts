import { assert, describe, it } from "@effect/vitest"
import { horizonMillis, tickMillis, Timed, TimerWheel } from "../src/index.ts"

class Item extends Timed {
  readonly name: string
  constructor(name: string) {
    super()
    this.name = name
  }
}

const firedBy = (wheel: TimerWheel<Item>, now: number): Array<string> => {
  const fired: Array<string> = []
  wheel.advance(now, (item) => fired.push(item.name))
  return fired
}

describe("TimerWheel", () => {
  it("fires never before the deadline and at most one tick after it", () => {
    for (const deadline of [1, 99, 100, 101, 25_599, 25_600, 25_700, 6_553_599, 6_553_600, 6_553_700, 86_400_000]) {
      const wheel = new TimerWheel<Item>(0)
      wheel.set(new Item("a"), deadline)
      assert.deepStrictEqual(firedBy(wheel, deadline - 1), [], `before ${deadline}`)
      assert.deepStrictEqual(firedBy(wheel, deadline + tickMillis), ["a"], `after ${deadline}`)
      assert.strictEqual(wheel.size, 0)
    }
  })

  it("is quiet for no longer than until the next item fires, and for as long as was asked if none does", () => {
    const most = 1_000
    assert.strictEqual(new TimerWheel<Item>(0).quietMillis(0, most), most)
    for (const deadline of [100, 450, 999, 1_000, 5_000, 25_600, 25_601, 30_000, 6_553_600, 86_400_000]) {
      const wheel = new TimerWheel<Item>(0)
      wheel.set(new Item("a"), deadline)
      let now = 0
      let looks = 0
      for (let fired: Array<string> = []; fired.length === 0; looks++) {
        const quiet = wheel.quietMillis(now, most)
        assert.isAtMost(quiet, most)
        assert.deepStrictEqual(firedBy(wheel, now + quiet - 1), [])
        now += Math.max(quiet, tickMillis)
        fired = firedBy(wheel, now)
      }
      assert.isAtMost(now, deadline + tickMillis)
      assert.isAtMost(looks, 2 + 2 * Math.ceil(deadline / most))
    }
  })

  it("moves a deadline later and earlier", () => {
    const wheel = new TimerWheel<Item>(1000)
    const item = new Item("a")
    wheel.set(item, 2000)
    wheel.set(item, 60_000)
    assert.deepStrictEqual(firedBy(wheel, 59_900), [])
    wheel.set(item, 70_000)
    wheel.set(item, 61_000)
    assert.deepStrictEqual(firedBy(wheel, 61_100), ["a"])
    assert.deepStrictEqual(firedBy(wheel, 100_000), [])
  })

  it("forgets what is cancelled, also after its deadline moved", () => {
    const wheel = new TimerWheel<Item>(0)
    const item = new Item("a")
    wheel.set(item, 1000)
    wheel.set(item, 100_000)
    wheel.cancel(item)
    assert.strictEqual(wheel.size, 0)
    assert.deepStrictEqual(firedBy(wheel, 1_000_000), [])
  })

  it("lets the callback set and cancel items", () => {
    const wheel = new TimerWheel<Item>(0)
    const again = new Item("again")
    const victim = new Item("victim")
    wheel.set(victim, 100)
    wheel.set(again, 100)
    let count = 0
    wheel.advance(1000, (item) => {
      count++
      if (item === again) {
        wheel.cancel(victim)
        if (count < 3) wheel.set(again, 0)
      }
    })
    assert.strictEqual(count, 3)
    assert.strictEqual(wheel.size, 0)
  })

  it("keeps a deadline beyond its horizon", () => {
    const wheel = new TimerWheel<Item>(0)
    wheel.set(new Item("a"), horizonMillis * 1.5)
    assert.deepStrictEqual(firedBy(wheel, horizonMillis * 1.5 - 1), [])
    assert.deepStrictEqual(firedBy(wheel, horizonMillis * 1.5 + tickMillis), ["a"])
  })

  it("agrees with a plain map of deadlines over random operations", () => {
    let state = 7
    const random = (below: number) => (state = (state * 48_271) % 2_147_483_647) % below
    const wheel = new TimerWheel<Item>(0)
    const items = Array.from({ length: 200 }, (_, i) => new Item(String(i)))
    const model = new Map<Item, number>()
    let now = 0
    for (let step = 0; step < 20_000; step++) {
      const item = items[random(items.length)]!
      const action = random(10)
      if (action < 6) {
        const deadline = now + random([1000, 100_000, 20_000_000][random(3)]!)
        wheel.set(item, deadline)
        model.set(item, Math.max(deadline, now + 1))
      } else if (action < 7) {
        wheel.cancel(item)
        model.delete(item)
      } else {
        now += random(action === 9 ? 300_000 : 500)
        const fired = new Set<Item>()
        wheel.advance(now, (one) => fired.add(one))
        for (const [one, deadline] of model) {
          if (fired.has(one)) assert.isAtMost(deadline, now)
          else assert.isAbove(deadline + 2 * tickMillis, now, "missed")
        }
        for (const one of fired) assert.isTrue(model.delete(one), "fired though not set")
      }
    }
  })
})
