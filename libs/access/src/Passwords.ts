import { Effect, Semaphore } from "effect"
import { randomBytes, scrypt, timingSafeEqual } from "node:crypto"

/** 2^15 blocks of 8 · 128 bytes: 32 MiB and some 80 ms a password, off the thread (OWASP's parameters for scrypt). */
const costLog2 = 15
const blockSize = 8
const parallelization = 1
const hashBytes = 32
const saltBytes = 16
/** Passwords that are worked on at once, 32 MiB each; those that wait, of strangers too, are in `hashesWaitingMax`. */
const hashesAtOnceMax = 2
export const hashesWaitingMax = 32

/** Hashes and checks passwords, a bounded number at a time. */
export class Passwords {
  readonly #turns = Semaphore.makeUnsafe(hashesAtOnceMax)
  #waiting = 0

  /** Whether one more would have to wait behind more than may. */
  get isBusy(): boolean {
    return this.#waiting >= hashesWaitingMax
  }

  hash(password: string): Effect.Effect<string> {
    const salt = randomBytes(saltBytes)
    return Effect.map(
      this.#derive(password, salt, costLog2, blockSize, parallelization),
      (hash) =>
        `scrypt$${costLog2}$${blockSize}$${parallelization}$${salt.toString("base64url")}$${hash.toString("base64url")}`
    )
  }

  /** Of an account that is not there `stored` is undefined: it takes as long, and is false. */
  isRight(password: string, stored: string | undefined): Effect.Effect<boolean> {
    const [, cost, size, parallel, salt = "", expected = ""] = (stored ?? nobody).split("$")
    return Effect.map(
      this.#derive(password, Buffer.from(salt, "base64url"), Number(cost), Number(size), Number(parallel)),
      (hash) => {
        const known = Buffer.from(expected, "base64url")
        return known.length === hash.length && timingSafeEqual(known, hash) && stored !== undefined
      }
    )
  }

  #derive(password: string, salt: Uint8Array, log2: number, r: number, p: number): Effect.Effect<Buffer> {
    const work = Effect.callback<Buffer>((resume) => {
      // Node's own limit is 32 MiB, which this reaches.
      const maxmem = 2 * 128 * r * 2 ** log2
      scrypt(password.normalize("NFKC"), salt, hashBytes, { N: 2 ** log2, r, p, maxmem }, (error, hash) =>
        resume(error === null ? Effect.succeed(hash) : Effect.die(error))
      )
    })
    return Effect.suspend(() => {
      this.#waiting++
      return this.#turns
        .withPermits(1)(work)
        .pipe(Effect.ensuring(Effect.sync(() => void this.#waiting--)))
    })
  }
}

const nobody = `scrypt$${costLog2}$${blockSize}$${parallelization}$${Buffer.alloc(saltBytes).toString("base64url")}$${Buffer.alloc(hashBytes).toString("base64url")}`
