import {
  type AttributesNotOfModel,
  CurrentIdempotentRequest,
  type DeviceChange,
  type DeviceCredential,
  DeviceKeyExists,
  type DeviceSummary,
  type LatestValues,
  type EventQuery,
  type LoggedEvent,
  type NewDevice,
  NoSuchDevice,
  NoSuchProduct,
  propertiesBytesMax,
  propertiesPerDeviceMax,
  propertyValueBytesMax,
  type PropertyKind,
  type RegisteredDevice,
  type SecretTooShort,
  requestTime,
  type TemporarilyUnavailable,
  TooManyProperties,
  type UplinkMessage
} from "@roost/contracts"
import { Clock, Effect } from "effect"
import { attributeCheck } from "./AttributeCheck.ts"
import { isGiven, madeUp, secretOr } from "./GivenSecret.ts"
import { deviceOf, noSuchDevice, noSuchProduct, since, valueOf } from "./Registered.ts"
import type { RegistryParts } from "./RegistryParts.ts"
import { assetIdLength } from "./Limits.ts"
import type { DeviceId, DevicePage, DeviceQuery, SealedSecret, StoredDevice } from "./RegistryStore.ts"
import { requireLength, secretFault } from "./SecretLength.ts"

/** The operations on devices. */
export interface DeviceOperations {
  readonly createDevice: (
    productKey: string,
    device: NewDevice
  ) => Effect.Effect<DeviceCredential, NoSuchProduct | DeviceKeyExists | SecretTooShort>
  /** The fault of a secret that somebody gives; undefined if it has none. */
  readonly secretFault: (secret: string | undefined) => string | undefined
  /** Per device, in order: undefined where the key is taken. The secrets must be long enough. */
  readonly createDevices: (
    productKey: string,
    devices: ReadonlyArray<NewDevice>
  ) => Effect.Effect<ReadonlyArray<DeviceCredential | undefined>, NoSuchProduct>
  /** As its actor knows it now, if that answers in time. */
  readonly device: (id: DeviceId) => Effect.Effect<RegisteredDevice, NoSuchDevice>
  /** As it is stored. */
  readonly requireDevice: (id: DeviceId) => Effect.Effect<RegisteredDevice, NoSuchDevice>
  readonly deviceOfAsset: (assetId: string) => Effect.Effect<DeviceId, NoSuchDevice>
  readonly devices: (
    productKey: string,
    page: DevicePage
  ) => Effect.Effect<ReadonlyArray<RegisteredDevice>, NoSuchProduct>
  /** Devices of all products, as they are stored. */
  readonly search: (
    query: DeviceQuery
  ) => Effect.Effect<{ readonly devices: ReadonlyArray<DeviceSummary>; readonly found: number }, TemporarilyUnavailable>
  readonly changeDevice: (id: DeviceId, change: DeviceChange) => Effect.Effect<RegisteredDevice, NoSuchDevice>
  /** `null` deletes a property; all of the change or nothing. */
  readonly changeProperties: (
    id: DeviceId,
    kind: PropertyKind,
    values: Readonly<Record<string, unknown>>,
    options?: { readonly unchecked?: boolean }
  ) => Effect.Effect<void, NoSuchDevice | TooManyProperties | AttributesNotOfModel>
  readonly deleteDevice: (id: DeviceId) => Effect.Effect<void, NoSuchDevice>
  readonly setEnabled: (id: DeviceId, enabled: boolean) => Effect.Effect<RegisteredDevice, NoSuchDevice>
  readonly rotateSecret: (
    id: DeviceId,
    secret: string | undefined
  ) => Effect.Effect<DeviceCredential, NoSuchDevice | SecretTooShort>
  /** New hardware under the same key: inactive again, the old secret ends. */
  readonly replaceDevice: (
    id: DeviceId,
    secret: string | undefined
  ) => Effect.Effect<DeviceCredential, NoSuchDevice | SecretTooShort>
  /** Of all points, or of these. */
  readonly latestValues: (
    id: DeviceId,
    ids: ReadonlyArray<string> | undefined
  ) => Effect.Effect<LatestValues, NoSuchDevice>
  /** Places of its newest uplinks in the stream, as far as they are kept, oldest first. */
  readonly trail: (id: DeviceId) => Effect.Effect<ReadonlyArray<number>>
  /** Those of its newest uplinks that are far apart in the stream, in the order of their sequences. */
  readonly copies: (id: DeviceId) => Effect.Effect<ReadonlyArray<UplinkMessage>>
  readonly events: (id: DeviceId, query: EventQuery) => Effect.Effect<ReadonlyArray<LoggedEvent>, NoSuchDevice>
}

export const deviceOperations = ({ lengthMin, live, store, vault }: RegistryParts): DeviceOperations => {
  const checkAttributes = attributeCheck(store)

  const createDevices = Effect.fn("Registry.createDevices")(function* (
    productKey: string,
    devices: ReadonlyArray<NewDevice>
  ) {
    const createdAt = yield* requestTime
    const credentials = yield* Effect.forEach(devices, ({ deviceKey, deviceSecret }) =>
      Effect.map(
        Effect.all([
          madeUp(`asset id ${deviceKey}`, assetIdLength),
          secretOr(deviceSecret, `device secret ${deviceKey}`)
        ]),
        ([assetId, secret]): DeviceCredential => ({ assetId, productKey, deviceKey, deviceSecret: secret })
      )
    )
    const created = yield* store.createDevices(
      credentials.map(({ assetId, deviceKey, deviceSecret }, i) => ({
        productKey,
        deviceKey,
        assetId,
        deviceName: devices[i]!.deviceName ?? deviceKey,
        secret: vault.sealDevice({ productKey, deviceKey }, deviceSecret),
        createdAt
      }))
    )
    if (created === undefined) return yield* noSuchProduct(productKey)
    return yield* Effect.forEach(credentials, (credential, i) =>
      created[i] === true ? Effect.succeed(credential) : ownDevice(credential)
    )
  })

  /** The credential, where the device that has the key was made by an earlier run of this request. */
  const ownDevice = Effect.fnUntraced(function* (credential: DeviceCredential) {
    if ((yield* CurrentIdempotentRequest) === undefined) return undefined
    return (yield* store.device(credential))?.assetId === credential.assetId ? credential : undefined
  })

  const giveSecret = Effect.fnUntraced(function* (
    id: DeviceId,
    given: string | undefined,
    give: (secret: SealedSecret, now: number) => Effect.Effect<StoredDevice | undefined>
  ) {
    const { productKey, deviceKey } = id
    yield* requireLength(given, lengthMin)
    const deviceSecret = yield* secretOr(given, "device secret")
    const known = yield* store.device(id)
    if (known === undefined) return yield* noSuchDevice(id)
    const credential = { assetId: known.assetId, productKey, deviceKey, deviceSecret }
    if (yield* isGiven(() => vault.openDevice(id, known.secret), deviceSecret)) return credential
    const device = yield* give(vault.sealDevice(id, deviceSecret), yield* Clock.currentTimeMillis)
    return device === undefined ? yield* noSuchDevice(id) : credential
  })

  return {
    secretFault: (secret) => secretFault(secret, lengthMin),
    createDevices,
    createDevice: Effect.fn("Registry.createDevice")(function* (productKey, device) {
      yield* requireLength(device.deviceSecret, lengthMin)
      const [credential] = yield* createDevices(productKey, [device])
      if (credential !== undefined) return credential
      return yield* new DeviceKeyExists({ detail: `${productKey} has a device ${device.deviceKey}.` })
    }),
    device: Effect.fn("Registry.device")(function* (id) {
      const stored = yield* store.device(id)
      if (stored === undefined) return yield* noSuchDevice(id)
      const device = deviceOf(stored)
      const answer = stored.activatedAt === null ? undefined : yield* live.ask(id)
      if (answer?._tag !== "Known") return device
      const { online, lastSeenAt, address, suite, lifetimeSeconds, pending } = answer
      const status = device.status === "disabled" ? "disabled" : online ? "online" : "offline"
      return { ...device, status, lastSeenAt, address, suite, lifetimeSeconds, pendingCommands: pending }
    }),
    requireDevice: Effect.fn("Registry.requireDevice")(function* (id) {
      const stored = yield* store.device(id)
      return stored === undefined ? yield* noSuchDevice(id) : deviceOf(stored)
    }),
    deviceOfAsset: Effect.fn("Registry.deviceOfAsset")(function* (assetId) {
      const device = yield* store.deviceOfAsset(assetId)
      if (device === undefined) return yield* new NoSuchDevice({ detail: `No device has the asset id ${assetId}.` })
      return { productKey: device.productKey, deviceKey: device.deviceKey }
    }),
    devices: Effect.fn("Registry.devices")(function* (productKey, page) {
      if ((yield* store.product(productKey)) === undefined) return yield* noSuchProduct(productKey)
      return (yield* store.devices(productKey, page)).map(deviceOf)
    }),
    search: Effect.fn("Registry.search")(function* (query) {
      const { devices, found } = yield* store.searchDevices(query)
      return { devices: devices.map((device) => Object.assign(deviceOf(device), { tags: device.tags })), found }
    }),
    changeDevice: Effect.fn("Registry.changeDevice")(function* (id, { deviceName }) {
      const device = deviceName === undefined ? yield* store.device(id) : yield* store.renameDevice(id, deviceName)
      return device === undefined ? yield* noSuchDevice(id) : deviceOf(device)
    }),
    changeProperties: Effect.fn("Registry.changeProperties")(function* (id, kind, changes, options) {
      const values = Object.fromEntries(Object.entries(changes).map(([name, value]) => [name, value ?? undefined]))
      if (kind === "attribute" && options?.unchecked !== true) yield* checkAttributes(id.productKey, values)
      const outcome = yield* store.changeProperties(id, kind, values, yield* Clock.currentTimeMillis)
      if (outcome === "UnknownDevice") return yield* noSuchDevice(id)
      if (typeof outcome === "object") {
        const detail = `More than ${outcome.bytesMax} bytes of JSON: a value has at most ${propertyValueBytesMax}, all ${kind}s of a device ${propertiesBytesMax}.`
        return yield* new TooManyProperties({ detail })
      }
      if (outcome === "TooMany") {
        const detail = `A device has at most ${propertiesPerDeviceMax[kind]} ${kind}s; delete some with null.`
        return yield* new TooManyProperties({ detail })
      }
    }),
    deleteDevice: Effect.fn("Registry.deleteDevice")(function* (id) {
      const deleted = yield* store.deleteDevice(id, yield* Clock.currentTimeMillis)
      if (!deleted) return yield* noSuchDevice(id)
    }),
    setEnabled: Effect.fn("Registry.setEnabled")(function* (id, enabled) {
      const now = yield* Clock.currentTimeMillis
      const device = yield* store.updateCredential(id, { _tag: "Enabled", enabled }, now)
      return device === undefined ? yield* noSuchDevice(id) : deviceOf(device)
    }),
    rotateSecret: Effect.fn("Registry.rotateSecret")((id, deviceSecret) =>
      giveSecret(id, deviceSecret, (secret, now) => store.updateCredential(id, { _tag: "Secret", secret }, now))
    ),
    replaceDevice: Effect.fn("Registry.replaceDevice")((id, deviceSecret) =>
      giveSecret(id, deviceSecret, (secret, now) => store.replaceDevice(id, secret, now))
    ),
    latestValues: Effect.fn("Registry.latestValues")(function* (id, ids) {
      const points = yield* store.points(id)
      if (points === undefined) return yield* noSuchDevice(id)
      const wanted = ids === undefined ? [...points] : [...points].filter(([name]) => ids.includes(name))
      return Object.fromEntries(wanted.map(([name, point]) => [name, valueOf(point)]))
    }),
    trail: store.trail,
    copies: store.copies,
    events: Effect.fn("Registry.events")(function* (id, query) {
      const device = yield* store.device(id)
      if (device !== undefined) return yield* store.events(id, since(device, query))
      // A device that was deleted still has what happened until then, unless its product is another one now.
      const product = yield* store.product(id.productKey)
      const events = yield* store.events(id, product === undefined ? query : since(product, query))
      if (events.length > 0) return events
      const { deviceKey, productKey } = id
      const strangers = `/v1/strangers?identity=${productKey},${deviceKey}`
      return yield* new NoSuchDevice({
        detail: `${productKey} has no device ${deviceKey}. Who was refused under this name is in GET ${strangers}.`
      })
    })
  }
}
