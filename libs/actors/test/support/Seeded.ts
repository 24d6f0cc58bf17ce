import { seededRandom } from "@roost/random"

/** The numbers that a schedule draws from its seed. */
export class Seeded {
  readonly #random: () => number

  constructor(seed: number) {
    this.#random = seededRandom(seed)
  }

  /** 0 to `limit`, exclusive. */
  below(limit: number): number {
    return Math.floor(this.#random() * limit)
  }

  pick<A>(from: ReadonlyArray<A>): A {
    return from[this.below(from.length)]!
  }
}

/** Calls `play` for so many seeds; a failure names its seed. */
export const forSeeds = (count: number, play: (random: Seeded) => void): void => {
  for (let seed = 1; seed <= count; seed++) {
    try {
      play(new Seeded(seed))
    } catch (cause) {
      throw new Error(`seed ${seed}`, { cause })
    }
  }
}
