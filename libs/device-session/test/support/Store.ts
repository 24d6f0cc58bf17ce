import type { SaveOutcome } from "../../src/state/Outcomes.ts"

/** The bucket SESSIONS and what the streams say besides: it outlives the nodes. */
export class Store {
  readonly entries = new Map<string, { readonly revision: number; readonly record: Uint8Array }>()
  readonly credentialVersions = new Map<string, number>()
  reachable = true
  full = false
  /** False: nothing can be restored from it. */
  keepsRecords = true
  writes = 0
  refused = 0
  #revision = 0

  write(key: string, revision: number, record: Uint8Array): SaveOutcome {
    if (this.full) {
      this.refused++
      return { _tag: "Refused" }
    }
    if ((this.entries.get(key)?.revision ?? 0) !== revision) return { _tag: "Conflict" }
    this.writes++
    this.entries.set(key, { revision: ++this.#revision, record: this.keepsRecords ? new Uint8Array(record) : noBytes })
    return { _tag: "Saved", revision: this.#revision }
  }

  /** A copy of everything, as a backup has it; `setBack` restores it. */
  copy(): ReadonlyMap<string, { readonly revision: number; readonly record: Uint8Array }> {
    return new Map(this.entries)
  }

  /** The store as it was: what was written since is lost, and revisions begin again from there. */
  setBack(copy: ReadonlyMap<string, { readonly revision: number; readonly record: Uint8Array }>): void {
    this.entries.clear()
    this.#revision = 0
    for (const [key, entry] of copy) {
      this.entries.set(key, entry)
      this.#revision = Math.max(this.#revision, entry.revision)
    }
  }

  delete(revision: number): void {
    for (const [key, entry] of this.entries) if (entry.revision === revision) this.entries.delete(key)
  }
}

const noBytes = new Uint8Array(0)
