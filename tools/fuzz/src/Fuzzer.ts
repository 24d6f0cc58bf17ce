import type { Coverage } from "./Coverage.ts"
import { type FuzzTarget, inputBytesMaxDefault } from "./FuzzTarget.ts"
import { Mutator } from "./Mutator.ts"
import { Random } from "./Random.ts"

/** A run that works longer is a finding: some hundred bytes must never cost so much. */
export const slowMillis = 1_000
/** Inputs that are kept to make others of; more than any target here has places. */
export const corpusMax = 4_096
/** Rounds in which a finding is made smaller. */
const shrinkRoundsMax = 400

export interface Finding {
  /** The same for inputs that fail for the same reason. */
  readonly reason: string
  readonly stack: string
  readonly input: Uint8Array
}

/**
 * Coverage-guided. An input that reaches a place which none reached before, or more often, joins the corpus for the next
 * inputs. `now` in milliseconds.
 */
export class Fuzzer {
  readonly corpus: Array<Uint8Array> = []
  readonly findings = new Map<string, Finding>()
  runs = 0
  readonly #target: FuzzTarget
  readonly #coverage: Coverage
  readonly #random: Random
  readonly #mutator: Mutator
  readonly #now: () => number

  constructor(options: {
    readonly target: FuzzTarget
    readonly coverage: Coverage
    readonly dictionary: ReadonlyArray<Uint8Array>
    readonly seed: number
    readonly now: () => number
  }) {
    this.#target = options.target
    this.#coverage = options.coverage
    this.#random = new Random(options.seed)
    this.#mutator = new Mutator(this.#random, options.dictionary, options.target.bytesMax ?? inputBytesMaxDefault)
    this.#now = options.now
  }

  /** The inputs to begin with: those of the target, and what earlier campaigns found worth keeping. */
  begin(inputs: ReadonlyArray<Uint8Array>): void {
    for (const input of [...this.#target.seeds(), ...inputs]) this.#try(input, true)
    if (this.corpus.length === 0) this.corpus.push(new Uint8Array(0))
  }

  /** One input more, which `before` sees before it is tried. */
  step(before: (input: Uint8Array) => void): void {
    const input = this.#mutator.mutate(this.#random.of(this.corpus), this.corpus)
    before(input)
    this.#try(input, false)
  }

  #try(input: Uint8Array, isSeed: boolean): void {
    this.runs++
    this.#coverage.clear()
    const finding = this.#failure(input)
    const isNew = this.#coverage.merge()
    if (finding !== undefined) {
      if (!this.findings.has(finding.reason)) this.findings.set(finding.reason, this.#shrink(finding))
    } else if (isNew || (isSeed && this.corpus.length === 0)) {
      if (this.corpus.length < corpusMax) this.corpus.push(input)
      else this.corpus[this.#random.below(corpusMax)] = input
    }
  }

  #failure(input: Uint8Array): Finding | undefined {
    const start = this.#now()
    try {
      // A copy: a target that writes into its input would spoil the corpus.
      this.#target.run(new Uint8Array(input))
    } catch (error) {
      const stack = error instanceof Error ? (error.stack ?? error.message) : String(error)
      return { reason: reasonOf(stack), stack, input }
    }
    const millis = this.#now() - start
    if (millis <= slowMillis) return undefined
    return { reason: "slow", stack: `one input of ${input.length} bytes took ${Math.round(millis)} ms`, input }
  }

  /** Removes what the finding does not need. */
  #shrink(finding: Finding): Finding {
    let smallest = finding
    for (let round = 0, piece = finding.input.length >> 1; round < shrinkRoundsMax && piece > 0; round++) {
      let removed = false
      for (let at = 0; at + piece <= smallest.input.length && round < shrinkRoundsMax; at += piece, round++) {
        const { input } = smallest
        const shorter = new Uint8Array(input.length - piece)
        shorter.set(input.subarray(0, at))
        shorter.set(input.subarray(at + piece), at)
        const again = this.#failure(shorter)
        if (again?.reason !== finding.reason) continue
        smallest = again
        removed = true
        at -= piece
      }
      if (!removed) piece >>= 1
    }
    return smallest
  }
}

/** The first line without what changes from input to input, and where it was thrown. */
const reasonOf = (stack: string): string => {
  const [message = "", ...frames] = stack.split("\n")
  const place = frames.find((frame) => frame.includes(" at "))?.trim() ?? ""
  return `${message.replace(/\d+/g, "0").slice(0, 120)} ${place.replace(/\(.*\/([^/]+)\)$/, "($1)")}`
}
