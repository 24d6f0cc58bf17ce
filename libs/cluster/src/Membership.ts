import { rendezvousOwner } from "./Rendezvous.ts"

interface Member {
  readonly nodeId: string
  readonly process: string | undefined
  leaving: boolean
  revision: number
  /** When this node saw that revision first, on its own clock. */
  seenAt: number
}

/** The processes that may own partitions, as the bucket LEASES tells of them, and whose each partition should be. */
export class Membership {
  readonly #members = new Map<string, Member>()
  #targets: ReadonlyArray<string> | undefined
  /** By partition, found when it is first asked for: they are asked for more often than they change. */
  readonly #targetOf = new Map<number, string | undefined>()
  /** While the bucket is being read: who was not met yet. */
  #unmet = new Set<string>()
  /** When the nodes that take part changed last. */
  changedAt = 0

  has(incarnation: string): boolean {
    return this.#members.has(incarnation)
  }

  /** It takes part, and is not leaving. */
  isStaying(incarnation: string): boolean {
    return this.#members.get(incarnation)?.leaving === false
  }

  nodeIdOf(incarnation: string): string | undefined {
    return this.#members.get(incarnation)?.nodeId
  }

  /** The bucket is being read anew. */
  reading(): void {
    this.#unmet = new Set(this.#members.keys())
  }

  /** The bucket has been read: gives those who are not in it any more. */
  read(): ReadonlyArray<string> {
    const gone = [...this.#unmet]
    this.#unmet.clear()
    return gone
  }

  /** Process by process, those that are leaving included. */
  get incarnations(): ReadonlyArray<string> {
    return [...this.#members.keys()]
  }

  seen(
    now: number,
    incarnation: string,
    record: { readonly nodeId: string; readonly leaving: boolean; readonly process?: string },
    revision: number
  ): void {
    const known = this.#members.get(incarnation)
    const { leaving, nodeId, process } = record
    this.#unmet.delete(incarnation)
    if (known === undefined) {
      this.#members.set(incarnation, { nodeId, process, leaving, revision, seenAt: now })
      this.#changed(now)
      return
    }
    if (revision <= known.revision) return
    known.revision = revision
    known.seenAt = now
    if (known.leaving === leaving) return
    known.leaving = leaving
    this.#changed(now)
  }

  /** False if it is known by a newer revision than the one that was deleted. */
  gone(now: number, incarnation: string, revision: number): boolean {
    const known = this.#members.get(incarnation)
    if (known === undefined || (revision > 0 && revision < known.revision)) return known === undefined
    this.#members.delete(incarnation)
    this.#changed(now)
    return true
  }

  /** Those whose record has not changed for longer than `millis`. */
  silent(now: number, millis: number): ReadonlyArray<{ readonly incarnation: string; readonly revision: number }> {
    const silent: Array<{ incarnation: string; revision: number }> = []
    for (const [incarnation, { revision, seenAt }] of this.#members) {
      if (now - seenAt > millis) silent.push({ incarnation, revision })
    }
    return silent
  }

  /** Nobody could be heard for a while. Silence counts `from` when all can have found their way back, 2 s and more for a NATS client. */
  heardAnew(from: number): void {
    for (const member of this.#members.values()) member.seenAt = from
  }

  /** The bucket is another one: nothing that is known of anybody is true. */
  forget(now: number): void {
    this.#members.clear()
    this.#unmet.clear()
    this.#changed(now)
  }

  /** Those whose process `hasEnded`, with the revision of their record. */
  ended(
    hasEnded: (process: string) => boolean
  ): ReadonlyArray<{ readonly incarnation: string; readonly revision: number }> {
    const ended: Array<{ incarnation: string; revision: number }> = []
    for (const [incarnation, { process, revision }] of this.#members) {
      if (process !== undefined && hasEnded(process)) ended.push({ incarnation, revision })
    }
    return ended
  }

  /** When the first record besides `except` will have been the same for longer than `millis`. */
  silentAt(millis: number, except: string): number {
    let first = Infinity
    for (const [incarnation, { seenAt }] of this.#members) {
      if (incarnation !== except) first = Math.min(first, seenAt + millis)
    }
    return first
  }

  /** The incarnation that should own the partition. */
  targetOf(partition: number): string | undefined {
    this.#targets ??= [...this.#members].flatMap(([incarnation, { leaving }]) => (leaving ? [] : [incarnation]))
    const known = this.#targetOf.get(partition)
    if (known !== undefined) return known
    const target = rendezvousOwner(partition, this.#targets)
    this.#targetOf.set(partition, target)
    return target
  }

  #changed(now: number): void {
    this.#targets = undefined
    this.#targetOf.clear()
    this.changedAt = now
  }
}
