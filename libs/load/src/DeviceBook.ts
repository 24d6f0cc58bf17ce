import { pskFromSecret } from "@roost/enos"
import { createHmac } from "node:crypto"
import type { FleetSettings } from "./FleetSettings.ts"
import { fillTemplate, type TemplateValues } from "./Template.ts"

/** Where the devices' keys come from. It holds secrets, so it goes to the tool's own processes and nowhere else. */
export type DeviceSource =
  /** Secrets by a template over the same placeholders as the identity. */
  | { readonly _tag: "Template"; readonly secret: string }
  /** Secrets that the tool made up: HMAC of the device key, so that a second run knows them again. */
  | { readonly _tag: "Derived"; readonly key: string }
  /** The lines of a provisioning file, in order. */
  | { readonly _tag: "Listed"; readonly devices: ReadonlyArray<ListedDevice> }

/** The settings that name a device. */
export type DeviceNames = Pick<
  FleetSettings,
  "productKey" | "deviceKey" | "first" | "lifetimeSeconds" | "identity" | "path" | "keyMode"
>

/** A line of the NDJSON that `devices:import` takes; the secret is required here. */
export interface ListedDevice {
  readonly deviceKey: string
  readonly deviceSecret: string
}

/**
 * The identities, paths and keys of the devices. `index` counts from 0 within the process, the device's number from `FleetSettings.first`.
 */
export class DeviceBook {
  readonly #settings: DeviceNames
  readonly #source: DeviceSource

  constructor(settings: DeviceNames, source: DeviceSource) {
    this.#settings = settings
    this.#source = source
  }

  values(index: number): TemplateValues {
    const { deviceKey, first, lifetimeSeconds, productKey } = this.#settings
    const values = { productKey, deviceKey: "", number: first + index, lifetimeSeconds }
    const listed = this.#source._tag === "Listed" ? this.#source.devices[index] : undefined
    return { ...values, deviceKey: listed?.deviceKey ?? fillTemplate(deviceKey, values) }
  }

  identity(index: number): Uint8Array {
    return utf8.encode(fillTemplate(this.#settings.identity, this.values(index)))
  }

  path(index: number): string {
    return fillTemplate(this.#settings.path, this.values(index))
  }

  secret(index: number): string {
    switch (this.#source._tag) {
      case "Template":
        return fillTemplate(this.#source.secret, this.values(index))
      case "Derived":
        return derivedSecret(this.#source.key, this.values(index).deviceKey)
      case "Listed":
        return this.#source.devices[index]?.deviceSecret ?? ""
    }
  }

  psk(index: number): Uint8Array {
    const secret = this.secret(index)
    switch (this.#settings.keyMode) {
      case "enos":
        return pskFromSecret(secret)
      case "text":
        return utf8.encode(secret)
      case "hex":
        return Buffer.from(secret, "hex")
    }
  }
}

/** 24 characters of base64url: 144 bits. */
export const derivedSecret = (key: string, deviceKey: string): string =>
  createHmac("sha256", key).update(deviceKey).digest("base64url").slice(0, 24)

const utf8 = new TextEncoder()
