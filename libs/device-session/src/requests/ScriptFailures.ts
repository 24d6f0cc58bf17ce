import { BoundedMap } from "@roost/bounded"

/** Devices in a row, each of another key, whose bytes their product's script could not read before its product hears of it. */
export const failingDevicesMax = 3
/** Products that are watched at once. */
const productsMax = 10_000

interface Failing {
  readonly version: number
  readonly deviceKeys: Array<string>
}

/**
 * Tells a script that lacks a case from one device's broken bytes. The one fails for one device after the other, with nothing
 * that it can read in between.
 */
export class ScriptFailures {
  readonly #products = new BoundedMap<string, Failing>(productsMax)

  /** The devices, once there are as many in a row as matter; counting begins anew then. */
  failed(productKey: string, version: number, deviceKey: string): ReadonlyArray<string> | undefined {
    let failing = this.#products.get(productKey)
    if (failing === undefined || failing.version !== version) {
      failing = { version, deviceKeys: [] }
      this.#products.set(productKey, failing)
    }
    const { deviceKeys } = failing
    if (!deviceKeys.includes(deviceKey)) deviceKeys.push(deviceKey)
    if (deviceKeys.length < failingDevicesMax) return undefined
    this.#products.delete(productKey)
    return deviceKeys
  }

  /** The script read the bytes of one of its devices. */
  succeeded(productKey: string): void {
    this.#products.delete(productKey)
  }
}
