/** So many are remembered before those without partitions are forgotten. */
const endedMax = 1_024

/** Processes whose record is deleted; names are never used twice. Of these only, partitions are free. */
export class EndedProcesses {
  readonly #ended = new Set<string>()
  /** Those of them that the bucket told of since it is being read anew: it went back, and they never ended. */
  readonly #revived = new Set<string>()

  has(incarnation: string): boolean {
    return this.#ended.has(incarnation)
  }

  /** `owners`: those that partitions still refer to. */
  add(incarnation: string, owners: () => Iterable<string>): void {
    this.#ended.add(incarnation)
    if (this.#ended.size <= endedMax) return
    const kept = new Set(owners())
    for (const each of this.#ended) if (!kept.has(each)) this.#ended.delete(each)
  }

  /** It was read of. */
  revive(incarnation: string): void {
    this.#revived.add(incarnation)
  }

  /** It is not there after all. */
  bury(incarnation: string): void {
    this.#revived.delete(incarnation)
  }

  get someRevived(): boolean {
    return this.#revived.size > 0
  }

  /** The bucket is being read anew. */
  reading(): void {
    this.#revived.clear()
  }

  forget(): void {
    this.#ended.clear()
    this.#revived.clear()
  }
}
