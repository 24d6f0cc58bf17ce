import type { BucketClient } from "../leases/SimulatedBucket.ts"

/** Follows a bucket as `openBucket(…).watch` does: what is gone when it is read anew is told as deleted, with revision 0. */
export class FollowedBucket<A> {
  readonly #bucket: BucketClient<A>
  readonly #put: (key: string, value: A, revision: number) => void
  readonly #deleted: (key: string, revision: number) => void
  readonly #known = new Set<string>()
  #seen = new Set<string>()
  #unwatch = () => undefined as void

  constructor(
    bucket: BucketClient<A>,
    handlers: {
      readonly put: (key: string, value: A, revision: number) => void
      readonly deleted: (key: string, revision: number) => void
    }
  ) {
    this.#bucket = bucket
    this.#put = handlers.put
    this.#deleted = handlers.deleted
    this.follow()
  }

  /** From the beginning: the connection broke off, or the bucket went back. */
  follow(): void {
    this.stop()
    this.#seen = new Set()
    this.#unwatch = this.#bucket.watch(
      (key, { revision, value }) => {
        this.#seen.add(key)
        if (value === undefined) {
          this.#known.delete(key)
          this.#deleted(key, revision)
        } else {
          this.#known.add(key)
          this.#put(key, value, revision)
        }
      },
      () => {
        for (const key of this.#known) {
          if (this.#seen.has(key)) continue
          this.#known.delete(key)
          this.#deleted(key, 0)
        }
      }
    )
  }

  stop(): void {
    this.#unwatch()
  }
}
