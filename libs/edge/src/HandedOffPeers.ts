import { partitionCount } from "@roost/contracts"
import { GenerationMap } from "./GenerationMap.ts"

/**
 * Partitions to whose owners the handshakes of a peer were handed. Mostly one; more if somebody forges its key exchanges, which
 * nothing protects. All of them are told of what comes next, so that a forgery takes nothing away. Pure.
 */
export class HandedOffPeers {
  readonly #partitions: GenerationMap<number | string, ReadonlyArray<number>>
  readonly #perPeerMax: number

  constructor(peersMax: number, perPeerMax: number) {
    this.#partitions = new GenerationMap(peersMax)
    this.#perPeerMax = perPeerMax
  }

  get size(): number {
    return this.#partitions.size
  }

  has(peerKey: number | string): boolean {
    return this.#partitions.has(peerKey)
  }

  /** In the order in which they were added. */
  of(peerKey: number | string): ReadonlyArray<number> {
    return this.#partitions.get(peerKey) ?? none
  }

  /** One too many takes the place of the last: the first ones and the newest stay. */
  add(peerKey: number | string, partition: number): void {
    const known = this.of(peerKey)
    if (known.includes(partition)) return
    const partitions = known.length === 0 ? only(partition) : [...known.slice(0, this.#perPeerMax - 1), partition]
    this.#partitions.set(peerKey, partitions)
  }

  delete(peerKey: number | string): void {
    this.#partitions.delete(peerKey)
  }

  /** See `GenerationMap.turn`. */
  turn(): void {
    this.#partitions.turn()
  }
}

export const none: ReadonlyArray<number> = []

/** Of one partition; always the same array, so that none is made for a datagram. */
export const only = (partition: number): ReadonlyArray<number> => alone[partition] ?? [partition]

const alone = Array.from({ length: partitionCount }, (_, partition) => [partition])
