import { assert, describe, it } from "@effect/vitest"
import { ActorHost, type ActorWorld } from "../src/ActorHost.ts"
import { Effects } from "../src/Effects.ts"
import type { Machine, Turn } from "../src/Machine.ts"
import { OwnedPartitions } from "../src/OwnedPartitions.ts"
import { Timed, tickMillis } from "../src/TimerWheel.ts"
import { forSeeds, type Seeded } from "./support/Seeded.ts"

/** The work of an actor for one input: tells others, sets its deadline, throws before or behind that, or is idle then. */
interface Order {
  readonly id: number
  readonly tells: ReadonlyArray<readonly [key: string, order: Order]>
  readonly throws: "never" | "handling" | "carrying out"
  readonly deadline: number | undefined
  readonly leaves: boolean
}
type Effect = { readonly key: string; readonly order: Order } | "throws"

class Player extends Timed implements Machine<Order, Turn<Effect>> {
  readonly partition: number
  readonly key: string
  readonly heard: Array<number> = []
  readonly #world: Players
  deadline = Infinity
  isIdle = false

  constructor(world: Players, partition: number, key: string) {
    super()
    this.#world = world
    this.partition = partition
    this.key = key
  }

  handle(order: Order, { effects }: Turn<Effect>): void {
    assert.strictEqual(this.#world.host.find(this.partition, this.key), this, "it is the one of its key")
    assert.strictEqual(this.#world.depth, 0, "no input in the middle of another")
    assert.deepStrictEqual([...effects], [], "nothing of another's is left")
    this.#world.depth++
    this.heard.push(order.id)
    this.#world.heard.push([this.key, order.id])
    if (order.deadline !== undefined) this.deadline = order.deadline
    this.isIdle = order.leaves
    this.#world.depth--
    if (order.throws === "handling") throw new Error("handling")
    for (const [key, next] of order.tells) effects.push({ key, order: next })
    if (order.throws === "carrying out") effects.push("throws")
  }

  handleTimeout({ now }: Turn<Effect>): void {
    assert.isAtMost(this.deadline, now, "never early")
    assert.isAbove(this.deadline + 2 * tickMillis, now, "not late")
    this.#world.fired.push(this.key)
    this.deadline = Infinity
  }

  deadlineIn(): number {
    return this.deadline
  }
}

const partitionOf = (key: string): number => key.charCodeAt(0) % 3

/** A host of `Player`s, and all that was told and heard, in order. */
class Players implements ActorWorld<Player, Effect> {
  readonly turn: Turn<Effect> = { now: 0, effects: new Effects() }
  readonly partitions = new OwnedPartitions<Player, never>(3)
  readonly host = new ActorHost<Order, Effect, Turn<Effect>, Player, never>(this.turn, this, this.partitions)
  readonly told: Array<readonly [key: string, id: number]> = []
  readonly heard: Array<readonly [key: string, id: number]> = []
  readonly fired: Array<string> = []
  made = 0
  faults = 0
  depth = 0

  constructor() {
    for (let partition = 0; partition < 3; partition++) this.partitions.add(0, partition, 1)
  }

  tell(key: string, order: Order): void {
    const partition = partitionOf(key)
    const actor = this.host.findOrMake(partition, key, () => {
      this.made++
      return new Player(this, partition, key)
    })!
    this.told.push([key, order.id])
    this.host.run(actor, order)
  }

  carryOut(_: Player, effect: Effect): void {
    if (effect === "throws") throw new Error("carrying out")
    this.tell(effect.key, effect.order)
  }

  replace(actor: Player): void {
    this.faults++
    actor.isIdle = false
    for (const effect of this.turn.effects) assert.notStrictEqual(effect, "throws", "what threw was carried out")
  }
}

const keys = ["a", "b", "c", "d", "e", "f"]
let ids = 0
/** `leaves` only of those that are told nothing else: who leaves is met by nobody, and another of its key is made. */
const orderOf = (random: Seeded, now: number, depth: number, mayLeave: boolean): Order => ({
  id: ++ids,
  tells: Array.from({ length: depth === 0 ? 0 : random.below(4) }, () => [
    random.pick(keys),
    orderOf(random, now, depth - 1, mayLeave)
  ]),
  throws: random.pick(["never", "never", "never", "handling", "carrying out"]),
  deadline: random.pick([undefined, undefined, Infinity, now + random.below(100_000)]),
  leaves: mayLeave && random.below(5) === 0
})

/** The ids of each key's messages. */
const byKey = (messages: ReadonlyArray<readonly [key: string, id: number]>) =>
  Object.fromEntries(keys.map((key) => [key, messages.filter(([of]) => of === key).map(([, id]) => id)]))

describe("a host of actors, whatever they do", () => {
  it("has each key's inputs heard once and in the order in which they were told, and is empty behind each", () => {
    forSeeds(30, (random) => {
      const players = new Players()
      for (let step = 0; step < 30; step++) {
        players.tell(random.pick(keys), orderOf(random, players.turn.now, 3, false))
        assert.deepStrictEqual([...players.turn.effects], [])
        assert.strictEqual(players.heard.length, players.told.length, "nothing waits")
        assert.deepStrictEqual(byKey(players.heard), byKey(players.told))
      }
      assert.strictEqual(players.made, players.partitions.actors)
    })
  })

  it("has one actor of a key at a time, and none that is idle", () => {
    forSeeds(30, (random) => {
      const players = new Players()
      for (let step = 0; step < 30; step++) {
        // One level: an actor that leaves while it is told of by another is told no more.
        players.tell(random.pick(keys), { ...orderOf(random, players.turn.now, 0, true), throws: "never" })
        const there = keys.flatMap((key) => players.host.find(partitionOf(key), key) ?? [])
        assert.strictEqual(there.length, players.partitions.actors)
        assert.isFalse(there.some(({ isIdle }) => isIdle))
        assert.strictEqual(
          players.host.timers,
          there.filter(({ deadline }) => deadline !== Infinity).length,
          "who is gone has no timer"
        )
      }
    })
  })

  it("costs no other actor anything when one throws", () => {
    forSeeds(30, (random) => {
      const [calm, faulty] = [new Players(), new Players()]
      const told = Array.from({ length: 30 }, () => [random.pick(keys), orderOf(random, 0, 0, false)] as const)
      for (const [key, order] of told) {
        const throws = key === "a" ? order.throws : "never"
        calm.tell(key, { ...order, throws: "never" })
        faulty.tell(key, { ...order, throws })
      }
      assert.deepStrictEqual(faulty.heard, calm.heard)
      assert.strictEqual(faulty.host.timers, calm.host.timers)
      assert.strictEqual(faulty.faults, told.filter(([key, { throws }]) => key === "a" && throws !== "never").length)
    })
  })

  it("fires each deadline once, within a tick of it", () => {
    forSeeds(30, (random) => {
      const players = new Players()
      let set = 0
      for (const key of keys) {
        const deadline = random.below(200_000)
        players.tell(key, { id: ++ids, tells: [], throws: "never", deadline, leaves: false })
        set++
      }
      while (players.turn.now < 201_000) {
        players.turn.now += tickMillis
        players.host.advance()
      }
      assert.strictEqual(players.fired.length, set)
      assert.strictEqual(players.host.timers, 0)
    })
  })

  it("keeps none of its actors waiting behind one whose supervision throws", () => {
    const players = new Players()
    let planted = 1
    players.replace = () => {
      if (planted-- > 0) throw new Error("supervision")
    }
    const plain = { tells: [], throws: "never", deadline: undefined, leaves: false } as const
    const tells = [
      ["b", { ...plain, id: 2, throws: "handling" }],
      ["c", { ...plain, id: 3 }]
    ] as const
    assert.throws(() => players.tell("a", { ...plain, id: 1, tells }), "supervision")
    players.tell("d", { ...plain, id: 4 })
    assert.deepStrictEqual(
      players.heard.map(([, id]) => id),
      [1, 2, 4, 3]
    )
    assert.deepStrictEqual([...players.turn.effects], [])
  })
})
