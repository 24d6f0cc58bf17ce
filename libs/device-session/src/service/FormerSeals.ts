import { type Sealing } from "@roost/contracts"

/**
 * Which of this node's sessions in the bucket SESSIONS are still sealed under ROOST_CLUSTER_KEY_PREVIOUS, by the revision of their
 * entry. Empty without a previous key. An entry takes 40 bytes here until the session is written the next time.
 */
export class FormerSeals {
  readonly #sealing: Sealing
  readonly #partitions = new Map<number, number>()
  /** Revisions that are being replaced, by the token of the write. */
  readonly #writes = new Map<number, number>()

  constructor(sealing: Sealing) {
    this.#sealing = sealing
  }

  get size(): number {
    return this.#partitions.size
  }

  /** An entry as the bucket has it; `key` begins with its partition. */
  read(key: string, revision: number, sealed: Uint8Array): void {
    if (this.#sealing.isOld(sealed)) this.#partitions.set(revision, partitionOf(key))
  }

  /** An entry is being written in place of the one with `revision`. */
  write(token: number, revision: number): void {
    if (this.#partitions.has(revision)) this.#writes.set(token, revision)
  }

  /** `gone`: the former entry is, by this write or by another node's. */
  written(token: number, gone: boolean): void {
    const revision = this.#writes.get(token)
    if (revision === undefined) return
    this.#writes.delete(token)
    if (gone) this.#partitions.delete(revision)
  }

  deleted(revision: number): void {
    this.#partitions.delete(revision)
  }

  /** The partition is another node's now, and so are its entries. */
  leave(partition: number): void {
    for (const [revision, of] of this.#partitions) if (of === partition) this.#partitions.delete(revision)
  }
}

const partitionOf = (key: string): number => Number(key.slice(0, key.indexOf(".")))
