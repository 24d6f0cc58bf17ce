import type { Finding } from "./Fuzzer.ts"

/** An order to a worker. */
export interface FuzzOrder {
  readonly bundle: string
  readonly target: string
  readonly counters: number
  readonly dictionary: ReadonlyArray<Uint8Array>
  readonly corpus: ReadonlyArray<Uint8Array>
  readonly seed: number
  readonly millis: number
  /** Different findings after which the target is left alone. */
  readonly findingsMax: number
  readonly shared: SharedArrayBuffer
}

export interface FuzzReport {
  readonly done: boolean
  readonly runs: number
  /** Instrumented places that were reached. */
  readonly places: number
  /** Only of the last report. */
  readonly corpus: ReadonlyArray<Uint8Array>
  readonly corpusSize: number
  readonly findings: ReadonlyArray<Finding>
}

/** The input that is being tried, where the other thread can read it when this one never comes back from it. */
export class SharedInput {
  static readonly bytesMax = 64 * 1024
  readonly #head: Int32Array
  readonly #bytes: Uint8Array

  constructor(shared: SharedArrayBuffer = new SharedArrayBuffer(8 + SharedInput.bytesMax)) {
    this.#head = new Int32Array(shared, 0, 2)
    this.#bytes = new Uint8Array(shared, 8)
  }

  get buffer(): SharedArrayBuffer {
    return this.#head.buffer as SharedArrayBuffer
  }

  /** Inputs that were begun, modulo 2^32. */
  get begun(): number {
    return Atomics.load(this.#head, 0)
  }

  write(input: Uint8Array): void {
    this.#bytes.set(input.length > SharedInput.bytesMax ? input.subarray(0, SharedInput.bytesMax) : input)
    this.#head[1] = input.length
    Atomics.add(this.#head, 0, 1)
  }

  read(): Uint8Array {
    return new Uint8Array(this.#bytes.subarray(0, this.#head[1]))
  }
}
