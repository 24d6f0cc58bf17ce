import { assert, describe, it } from "@effect/vitest"
import { type Mail, type MailLimits, type Owned, OwnedPartitions } from "../src/OwnedPartitions.ts"
import { forSeeds, type Seeded } from "./support/Seeded.ts"

interface Piece extends Mail {
  readonly id: number
}

const partitionCount = 4
const limits: MailLimits = {
  perPartitionMax: 6,
  bytesPerPartitionMax: 400,
  forAnyMax: 8,
  bytesMax: 1_000,
  expectedMillisMax: 3_000
}

interface ModelPartition {
  readonly actors: Map<string, Owned>
  stage: "loading" | "ready"
  held: Array<Piece>
}

/** The same with nothing but lists. */
class Naive {
  readonly owned = new Map<number, ModelPartition>()
  readonly expected = new Map<number, { readonly since: number; readonly held: Array<Piece> }>()
  /** Of one source each time: which piece gives way is `FairMap`'s to know. */
  forAny: Array<Piece> = []

  get pieces(): ReadonlyArray<Piece> {
    const held = [...this.owned.values(), ...this.expected.values()].flatMap((of) => of.held)
    return [...held, ...this.forAny]
  }

  get bytes(): number {
    return bytesOf(this.pieces)
  }

  expire(now: number): void {
    for (const [partition, { since }] of this.expected) {
      if (now - since >= limits.expectedMillisMax) this.expected.delete(partition)
    }
  }

  hold(now: number, piece: Piece): boolean {
    const { partition } = piece
    const owned = this.owned.get(partition)
    if (owned?.stage === "ready") return false
    const known = this.expected.get(partition)
    if (owned === undefined && (known === undefined || now - known.since >= limits.expectedMillisMax)) {
      this.expire(now)
      this.expected.set(partition, { since: now, held: [] })
    }
    const { held } = owned ?? this.expected.get(partition)!
    const fits =
      held.length < limits.perPartitionMax &&
      bytesOf([...held, piece]) <= limits.bytesPerPartitionMax &&
      this.bytes + piece.body.length <= limits.bytesMax
    if (fits) held.push(piece)
    return fits
  }

  holdForAny(piece: Piece): boolean {
    if (this.bytes + piece.body.length > limits.bytesMax) return false
    this.forAny.push(piece)
    if (this.forAny.length <= limits.forAnyMax) return true
    this.forAny.shift()
    return false
  }
}

const bytesOf = (pieces: ReadonlyArray<Mail>): number => pieces.reduce((sum, { body }) => sum + body.length, 0)
const idsOf = (pieces: ReadonlyArray<Piece>): ReadonlyArray<number> => pieces.map(({ id }) => id)

/** The partitions, and the model that does the same with them. */
class Pair {
  readonly real = new OwnedPartitions<Owned, Piece>(partitionCount, limits)
  readonly model = new Naive()
  readonly random: Seeded
  now = 0
  #ids = 0

  constructor(random: Seeded) {
    this.random = random
  }

  step(): void {
    const { model, now, random, real } = this
    const partition = random.below(partitionCount)
    const owned = real.get(partition)
    const of = model.owned.get(partition)
    switch (random.below(10)) {
      case 0:
        if (of !== undefined) return
        real.add(now, partition, this.#ids)
        model.expire(now)
        model.owned.set(partition, {
          actors: new Map(),
          stage: "loading",
          held: model.expected.get(partition)?.held ?? []
        })
        model.expected.delete(partition)
        return
      case 1: {
        if (owned === undefined || of === undefined) return
        const wasLoading = of.stage === "loading"
        const expected = wasLoading ? of.held : []
        of.stage = "ready"
        of.held = []
        const areAllReady = [...model.owned.values()].every(({ stage }) => stage === "ready")
        const all = wasLoading && areAllReady ? [...expected, ...model.forAny] : expected
        if (wasLoading && areAllReady) model.forAny = []
        assert.deepStrictEqual(idsOf(real.open(owned)), idsOf(all), "in the order in which they came")
        return
      }
      case 2:
        if (owned === undefined) return
        real.remove(owned)
        model.owned.delete(partition)
        return
      case 3:
      case 4: {
        const actor: Owned = { partition, key: random.pick(["x", "y", "z"]) }
        const enters = of !== undefined && !of.actors.has(actor.key)
        assert.strictEqual(real.enter(actor), enters, "one owner of a key")
        if (enters) of.actors.set(actor.key, actor)
        return
      }
      case 5: {
        const actor = real.find(partition, random.pick(["x", "y", "z"]))
        if (actor === undefined) return
        // Another of the same key takes nobody away.
        real.delete({ ...actor })
        assert.strictEqual(real.find(partition, actor.key), actor)
        real.delete(actor)
        of!.actors.delete(actor.key)
        return
      }
      case 6:
        this.now += random.below(2_000)
        if (random.below(2) === 0) return
        real.expire(this.now)
        model.expire(this.now)
        return
      case 7: {
        const piece = this.#piece(partition)
        if (real.loading > 0) assert.strictEqual(real.holdForAny("source", piece), model.holdForAny(piece))
        return
      }
      default: {
        const piece = this.#piece(partition)
        assert.strictEqual(real.hold(this.now, piece), model.hold(this.now, piece))
      }
    }
  }

  #piece(partition: number): Piece {
    return { id: ++this.#ids, partition, body: new Uint8Array(this.random.below(180)) }
  }

  compare(): void {
    const { model, real } = this
    assert.strictEqual(real.heldBytes, model.bytes)
    assert.isAtMost(real.heldBytes, limits.bytesMax)
    assert.strictEqual(real.size, model.owned.size)
    assert.strictEqual(real.loading, [...model.owned.values()].filter(({ stage }) => stage === "loading").length)
    assert.strictEqual(
      real.actors,
      [...model.owned.values()].reduce((sum, { actors }) => sum + actors.size, 0)
    )
    for (const [partition, { actors, held }] of model.owned) {
      assert.isAtMost(bytesOf(held), limits.bytesPerPartitionMax)
      for (const [key, actor] of actors) assert.strictEqual(real.find(partition, key), actor)
    }
  }
}

describe("partitions that a node owns, whatever comes and goes", () => {
  it("are what a model of lists is: one owner of a key, mail in order and within its bounds in bytes", () => {
    forSeeds(30, (random) => {
      const pair = new Pair(random)
      for (let step = 0; step < 200; step++) {
        pair.step()
        pair.compare()
      }
    })
  })

  it("hold nothing any more once they are all loaded, or gone", () => {
    forSeeds(30, (random) => {
      const pair = new Pair(random)
      for (let step = 0; step < 200; step++) pair.step()
      const { now, real } = pair
      for (let partition = 0; partition < partitionCount; partition++) {
        if (real.get(partition) === undefined) real.add(now, partition, 1)
      }
      for (let partition = 0; partition < partitionCount; partition++) {
        const owned = real.get(partition)!
        if (random.below(2) === 0 || partition === 0) real.open(owned)
        else real.remove(owned)
      }
      real.expire(now + limits.expectedMillisMax)
      assert.isTrue(real.loading === 0)
      if (real.heldBytes > 0) {
        // Mail that may be for any partition goes with the next one that is loaded.
        real.add(now, 0, 2)
        real.open(real.get(0)!)
      }
      assert.strictEqual(real.heldBytes, 0)
    })
  })
})
