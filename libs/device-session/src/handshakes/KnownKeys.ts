import type { PskIdentity } from "@roost/enos"
import type { DeviceState } from "../state/DeviceState.ts"
import type { NamedDevice } from "../state/NamedDevice.ts"
import { nobody } from "./Handshake.ts"
import type { ProductProfiles } from "../state/ProductProfiles.ts"
import type { CachedPsk } from "../state/DeviceFacts.ts"

/** Where devices are found by their keys. */
export interface KnownDevices {
  find(productKey: string, deviceKey: string): DeviceState | undefined
}

/**
 * The devices' own keys (SecureMode 2) as the registry gave them: what a device came in with once lets it in again without a
 * question. A change of the credential drops the key (`DeviceHost.handleCredential`). A change of the product makes it stale,
 * since the registry's other facts came with it. So does a day, in case a change was never heard of. While changes of
 * credentials are not heard no key counts.
 */
export class KnownKeys {
  readonly #devices: KnownDevices
  readonly #profiles: ProductProfiles
  hearsChanges = true

  constructor(devices: KnownDevices, profiles: ProductProfiles) {
    this.#devices = devices
    this.#profiles = profiles
  }

  /** However old it is: for when the registry does not answer. */
  find(identity: PskIdentity | undefined): CachedPsk | undefined {
    if (identity?.secureMode !== 2) return undefined
    return this.#devices.find(identity.productKey, identity.deviceKey)?.psk
  }

  findFresh(now: number, identity: PskIdentity | undefined): CachedPsk | undefined {
    const known = this.hearsChanges ? this.find(identity) : undefined
    if (known === undefined || known.productVersion !== this.#profiles.versionOf(identity!.productKey)) return undefined
    return dayOf(now) - known.day <= daysMax ? known : undefined
  }

  /** To be looked at when the registry is asked: a product that changes while its answer is on the way makes the key stale. */
  productVersionOf(named: NamedDevice = nobody): number {
    return this.#profiles.versionOf(named.productKey)
  }

  /** Whether this node has a session of the device: then the registry has it, whether it answers or not. */
  hasSessionOf(named: NamedDevice | undefined): boolean {
    return named !== undefined && this.#devices.find(named.productKey, named.deviceKey)?.session !== undefined
  }
}

/** Of a moment of the host's clock. */
export const dayOf = (now: number): number => Math.floor(now / 86_400_000)

/** A key of the day before counts: as long as the longest Lifetime, and at most twice that. */
const daysMax = 1
