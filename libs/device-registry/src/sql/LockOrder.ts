import type { DeviceId } from "../RegistryStore.ts"

/**
 * The order in which a transaction locks things, so that no two ever wait for each other:
 *
 * 1. sections: `events`, `presence`, `points` (`SqlTransaction.enter`)
 * 2. a product, a thing model
 * 3. devices, in the order of their keys
 * 4. rows that belong to a device, likewise; events only inside `events`, where they may be many devices'
 *
 * A foreign key locks too: who writes a device's row of whatever table waits for who deletes the device.
 */
export const inLockOrder = <A extends DeviceId>(devices: ReadonlyArray<A>): ReadonlyArray<A> =>
  devices.toSorted((a, b) => compare(a.productKey, b.productKey) || compare(a.deviceKey, b.deviceKey))

/** As the databases compare keys, which are ASCII. Equal keys stay in their order. */
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
