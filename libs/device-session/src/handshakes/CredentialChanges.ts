import { BoundedMap } from "@roost/bounded"
import { actorKey } from "../state/DeviceState.ts"

/**
 * The credential changes of late. A handshake may have its key from before a change that comes while its Finished is on
 * the way or its session is stored. It must not end with a session, nor its key in a cache (R10).
 */
export class CredentialChanges {
  readonly #changes = new BoundedMap<string, { readonly version: number; readonly heardAt: number }>(changesMax)
  readonly #millis: number

  /** `millis`: as long as a key may be on its way from the registry into a session. */
  constructor(millis: number) {
    this.#millis = millis
  }

  get size(): number {
    return this.#changes.size
  }

  note(now: number, productKey: string, deviceKey: string, version: number): void {
    const key = actorKey(productKey, deviceKey)
    const known = this.#changes.get(key)?.version ?? 0
    this.#changes.set(key, { version: Math.max(known, version), heardAt: now })
  }

  /** True if the device's credential changed after it had this version. */
  isOutdated(productKey: string, deviceKey: string, version: number): boolean {
    if (this.#changes.size === 0) return false
    const change = this.#changes.get(actorKey(productKey, deviceKey))
    return change !== undefined && change.version > version
  }

  expire(now: number): void {
    for (const [key, { heardAt }] of this.#changes) {
      if (now - heardAt < this.#millis) return
      this.#changes.delete(key)
    }
  }
}

/** Devices; some 150 B each. A registry that changed more within the time would outrun the handshakes of a node anyway. */
const changesMax = 100_000
