import type { Random } from "./Random.ts"

/** Changes that are made to one input, at most. */
const stackedMax = 6
/** Values at the edges of length fields and of signed and unsigned integers. */
const edges = [0, 1, 2, 3, 7, 8, 12, 13, 14, 15, 16, 31, 32, 63, 64, 127, 128, 254, 255]

/** Makes new inputs of those that reached something new. */
export class Mutator {
  readonly #random: Random
  readonly #dictionary: ReadonlyArray<Uint8Array>
  readonly #bytesMax: number

  constructor(random: Random, dictionary: ReadonlyArray<Uint8Array>, bytesMax: number) {
    this.#random = random
    this.#dictionary = dictionary
    this.#bytesMax = bytesMax
  }

  /** `others`: inputs of which a piece may be taken over. */
  mutate(input: Uint8Array, others: ReadonlyArray<Uint8Array>): Uint8Array {
    let bytes: Uint8Array = new Uint8Array(input)
    for (let left = 1 + this.#random.below(stackedMax); left > 0; left--) bytes = this.#once(bytes, others)
    return bytes.length > this.#bytesMax ? bytes.slice(0, this.#bytesMax) : bytes
  }

  #once(bytes: Uint8Array, others: ReadonlyArray<Uint8Array>): Uint8Array {
    const random = this.#random
    const at = random.below(bytes.length + 1)
    switch (random.below(10)) {
      case 0:
        return patched(bytes, at, (octet) => octet ^ (1 << random.below(8)))
      case 1:
        return patched(bytes, at, () => random.below(256))
      case 2:
        return patched(bytes, at, () => random.of(edges))
      case 3:
        return patched(bytes, at, (octet) => octet + random.below(33) - 16)
      case 4:
        return spliced(bytes, at, random.below(8) + 1, empty)
      case 5:
        return spliced(
          bytes,
          at,
          0,
          Uint8Array.from({ length: random.below(8) + 1 }, () => random.below(256))
        )
      case 6: {
        const from = random.below(bytes.length + 1)
        return spliced(bytes, at, 0, bytes.subarray(from, from + random.below(32) + 1))
      }
      case 7: {
        const word = this.#dictionary.length === 0 ? empty : random.of(this.#dictionary)
        return spliced(bytes, at, random.below(2) === 0 ? word.length : 0, word)
      }
      case 8: {
        const other = random.of(others)
        const from = random.below(other.length + 1)
        return spliced(bytes, at, random.below(bytes.length - at + 1), other.subarray(from))
      }
      default:
        return bytes.subarray(0, at)
    }
  }
}

const empty = new Uint8Array(0)

const patched = (bytes: Uint8Array, at: number, change: (octet: number) => number): Uint8Array => {
  if (at >= bytes.length) return bytes
  const copy = new Uint8Array(bytes)
  copy[at] = change(copy[at]!)
  return copy
}

const spliced = (bytes: Uint8Array, at: number, removed: number, added: Uint8Array): Uint8Array => {
  const end = Math.min(bytes.length, at + removed)
  const result = new Uint8Array(bytes.length - (end - at) + added.length)
  result.set(bytes.subarray(0, at))
  result.set(added, at)
  result.set(bytes.subarray(end), at + added.length)
  return result
}
