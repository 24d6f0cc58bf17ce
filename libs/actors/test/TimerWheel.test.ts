import { assert, describe, it } from "@effect/vitest"
import { horizonMillis, tickMillis, Timed, TimerWheel } from "../src/index.ts"
import { forSeeds, type Seeded } from "./support/Seeded.ts"

class Item extends Timed {
  readonly name: string
  constructor(name: string) {
    super()
    this.name = name
  }
}

/** A wheel, and the deadlines that it should have: in ticks since it was made or rewound, not before the next one. */
class WheelAndMap {
  readonly items: ReadonlyArray<Item>
  readonly wheel = new TimerWheel<Item>(0)
  readonly #deadlines = new Map<Item, number>()
  now = 0
  #start = 0

  constructor(items: ReadonlyArray<Item>) {
    this.items = items
  }

  get #tick(): number {
    return Math.floor((this.now - this.#start) / tickMillis)
  }

  /** When the next item fires; at the end of what `quietMillis` is asked for if none does. */
  get nextAt(): number {
    return Math.min(this.now + 1_000, this.#start + Math.min(...this.#deadlines.values()) * tickMillis)
  }

  set(item: Item, deadline: number): void {
    this.wheel.set(item, deadline)
    this.#deadlines.set(item, Math.max(this.#tick + 1, Math.ceil((deadline - this.#start) / tickMillis)))
  }

  cancel(item: Item): void {
    this.wheel.cancel(item)
    this.#deadlines.delete(item)
  }

  rewind(now: number): void {
    const millis = [...this.#deadlines].map(([item, tick]) => [item, this.#start + tick * tickMillis] as const)
    this.wheel.rewind(now)
    this.now = now
    this.#start = now
    for (const [item, deadline] of millis)
      this.#deadlines.set(item, Math.max(1, Math.ceil((deadline - now) / tickMillis)))
  }

  /** Some of those that fire set another one far away, or cancel it. */
  advance(now: number, random: Seeded): void {
    const target = Math.floor((now - this.#start) / tickMillis)
    const due = [...this.#deadlines].filter(([, tick]) => tick <= target)
    const expected = new Map(due)
    const changed = new Set<Item>()
    this.wheel.advance(now, (item) => {
      const tick = expected.get(item)
      if (tick === undefined && !changed.has(item)) throw new Error(`${item.name} fired though it was not due`)
      expected.delete(item)
      this.#deadlines.delete(item)
      const other = random.pick(this.items)
      if (random.below(4) > 0 || other === item || changed.has(other)) return
      changed.add(other)
      expected.delete(other)
      if (random.below(2) === 0) this.wheel.cancel(other)
      else this.wheel.set(other, now + 1_000_000)
      if (other.deadlineTick < 0) this.#deadlines.delete(other)
      else this.#deadlines.set(other, other.deadlineTick)
    })
    assert.deepStrictEqual(
      [...expected.keys()].map(({ name }) => name),
      [],
      "missed"
    )
    this.now = now
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
    for (const deadline of [100, 450, 999, 1_000, 5_000, 25_600, 25_601, 30_000, 6_553_600, 8_000_000]) {
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

  it("agrees with a plain map of deadlines, tick by tick, whatever is set, moved, cancelled and rewound, also while it fires", () => {
    forSeeds(20, (random) => {
      const spans = [1_000, 100_000, 20_000_000]
      const pair = new WheelAndMap(Array.from({ length: 50 }, (_, i) => new Item(String(i))))
      for (let step = 0; step < 600; step++) {
        const item = random.pick(pair.items)
        const action = random.below(20)
        if (action < 12) pair.set(item, pair.now + random.below(random.pick(spans)))
        else if (action < 14) pair.cancel(item)
        else if (action === 14) pair.rewind(pair.now - random.below(50_000))
        else pair.advance(pair.now + random.below(action === 19 ? 300_000 : 500), random)
        const quiet = pair.wheel.quietMillis(pair.now, 1_000)
        assert.isAtMost(pair.now + quiet, Math.max(pair.now, pair.nextAt), "quiet for no longer than that")
      }
    })
  })
})
