/** How far behind a source of a sink is: the age of the oldest event that waits, as far as its reader can tell. */
export class SinkLag {
  /** When the oldest event of the batch in hand was stored. */
  #inHand: number | undefined
  /** When the newest event was stored that was written, while more of its time may wait behind it. */
  #behind: number | undefined

  begin(oldestStoredAt: number): void {
    this.#inHand = oldestStoredAt
  }

  /** `isFull`: the batch was as large as it may be, so that more waits. */
  done(newestStoredAt: number, isFull: boolean): void {
    this.#inHand = undefined
    this.#behind = isFull ? newestStoredAt : undefined
  }

  /** In milliseconds; 0 where nothing waits. */
  at(now: number): number {
    const since = this.#inHand ?? this.#behind
    return since === undefined ? 0 : Math.max(0, now - since)
  }
}
