import {
  type AttributesNotOfModel,
  CurrentIdempotentRequest,
  type DeviceChange,
  type DeviceCredential,
  DeviceKeyExists,
  type DeviceSummary,
  type LatestValue,
  type LatestValues,
  type EventQuery,
  type LoggedEvent,
  type NewDevice,
  type NewProduct,
  type NewProductSecret,
  NoSuchDevice,
  NoSuchModel,
  NoSuchProduct,
  type Product,
  type ProductChange,
  type ProductDeletion,
  ProductInUse,
  ProductKeyExists,
  type ProductWithSecret,
  propertiesBytesMax,
  propertiesPerDeviceMax,
  propertyValueBytesMax,
  type PropertyKind,
  type RegisteredDevice,
  type SecretTooShort,
  requestBytes,
  requestTime,
  type TemporarilyUnavailable,
  TooManyProperties,
  piggybackMillisDefault
} from "@roost/contracts"
import { alphanumeric, randomBytesPerCharacter } from "@roost/enos"
import { Clock, Context, Effect, Layer, Option, Schedule } from "effect"
import { attributeCheck } from "./AttributeCheck.ts"
import { assetIdLength, deletionAnswerMillisMax, productKeyLength, secretLength } from "./Limits.ts"
import { LiveStatus } from "./LiveStatus.ts"
import {
  type DeviceId,
  type DevicePage,
  type DeviceQuery,
  type LatestPoint,
  RegistryStore,
  type SealedSecret,
  type StoredDevice,
  type StoredProduct
} from "./RegistryStore.ts"
import { requireLength, secretFault, SecretLengthMin } from "./SecretLength.ts"
import { SecretVault } from "./SecretVault.ts"

/** Products and devices, for those who provision and operate them. */
export class Registry extends Context.Service<
  Registry,
  {
    readonly createProduct: (
      product: NewProduct
    ) => Effect.Effect<ProductWithSecret, ProductKeyExists | NoSuchModel | SecretTooShort>
    /** Also one that is being deleted. */
    readonly product: (productKey: string) => Effect.Effect<ProductWithSecret, NoSuchProduct>
    /** Fails for one that is being deleted. */
    readonly requireProduct: (productKey: string) => Effect.Effect<void, NoSuchProduct>
    /** `Deleted`: it is gone. Else how many of its devices are still to be deleted, in the background. */
    readonly deleteProduct: (
      productKey: string,
      force: boolean
    ) => Effect.Effect<"Deleted" | ProductDeletion, NoSuchProduct | ProductInUse>
    readonly changeProduct: (
      productKey: string,
      change: ProductChange
    ) => Effect.Effect<Product, NoSuchProduct | NoSuchModel>
    /** The former secret still activates for `graceSeconds`. */
    readonly rotateProductSecret: (
      productKey: string,
      secret: NewProductSecret
    ) => Effect.Effect<ProductWithSecret, NoSuchProduct | SecretTooShort>
    readonly products: (after: string | undefined, limit: number) => Effect.Effect<ReadonlyArray<Product>>
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
    ) => Effect.Effect<
      { readonly devices: ReadonlyArray<DeviceSummary>; readonly found: number },
      TemporarilyUnavailable
    >
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
    readonly events: (id: DeviceId, query: EventQuery) => Effect.Effect<ReadonlyArray<LoggedEvent>, NoSuchDevice>
    readonly productEvents: (
      productKey: string,
      query: EventQuery
    ) => Effect.Effect<ReadonlyArray<LoggedEvent>, NoSuchProduct>
  }
>()("@roost/device-registry/Registry") {
  static readonly layer: Layer.Layer<Registry, never, RegistryStore | SecretVault | LiveStatus> = Layer.effect(
    Registry,
    Effect.gen(function* () {
      const store = yield* RegistryStore
      const vault = yield* SecretVault
      const live = yield* LiveStatus
      const lengthMin = yield* SecretLengthMin
      const checkAttributes = attributeCheck(store)

      const product = Effect.fn("Registry.product")(function* (productKey: string) {
        const found = yield* store.anyProduct(productKey)
        if (found === undefined) return yield* noSuchProduct(productKey)
        return { ...productOf(found), productSecret: vault.openProduct(productKey, found.secret) }
      })

      const requireModel = Effect.fn("Registry.requireModel")(function* (modelId: string | null | undefined) {
        if (modelId === undefined || modelId === null || (yield* store.model(modelId)) !== undefined) return
        return yield* new NoSuchModel({ detail: `No thing model has the id ${modelId}.` })
      })

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

      /** Whether an earlier run of this request gave the secret that is stored: then it is done. */
      const isGiven = Effect.fnUntraced(function* (stored: () => string, secret: string) {
        return (yield* CurrentIdempotentRequest)?.again === true && stored() === secret
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

      return Registry.of({
        product,
        requireProduct: Effect.fn("Registry.requireProduct")(function* (productKey) {
          if ((yield* store.product(productKey)) === undefined) return yield* noSuchProduct(productKey)
        }),
        secretFault: (secret) => secretFault(secret, lengthMin),
        createDevices,
        createProduct: Effect.fn("Registry.createProduct")(function* ({
          productKey: givenKey,
          productSecret: givenSecret,
          ...fields
        }) {
          yield* requireModel(fields.modelId)
          yield* requireLength(givenSecret, lengthMin)
          const productKey = givenKey ?? (yield* madeUp("product key", productKeyLength))
          const productSecret = yield* secretOr(givenSecret, "product secret")
          // As it is stored, so that the answer is what a GET gives.
          const options = { piggybackMillis: piggybackMillisDefault, closeNotify: "lifetime" as const, ...fields }
          const made: Product = { ...options, productKey, createdAt: yield* requestTime }
          const secret = vault.sealProduct(productKey, productSecret)
          if (yield* store.createProduct({ ...made, secret })) return { ...made, productSecret }
          const taken = yield* store.anyProduct(productKey)
          const own = (yield* CurrentIdempotentRequest) !== undefined && taken?.createdAt === made.createdAt
          if (own && vault.openProduct(productKey, taken.secret) === productSecret) return { ...made, productSecret }
          const until = (taken?.deletingSince ?? null) === null ? "" : " until the product that has it is deleted"
          return yield* new ProductKeyExists({ detail: `The product key ${productKey} is taken${until}.` })
        }),
        deleteProduct: Effect.fn("Registry.deleteProduct")(function* (productKey, force) {
          const begun = yield* store.beginDeletion(productKey, force, yield* Clock.currentTimeMillis)
          if (begun === "Unknown") return yield* noSuchProduct(productKey)
          if (begun === "InUse") {
            const devices = yield* store.countDevices(productKey)
            const detail = `${productKey} has ${devices} devices. ?force=true deletes them with the product.`
            return yield* new ProductInUse({ devices, detail })
          }
          const product = yield* Effect.repeat(store.anyProduct(productKey), {
            schedule: Schedule.spaced("20 millis"),
            until: (found) => found === undefined
          }).pipe(
            Effect.timeoutOption(deletionAnswerMillisMax),
            Effect.flatMap((ended) => (Option.isSome(ended) ? Effect.undefined : store.anyProduct(productKey)))
          )
          if (product === undefined || product.deletingSince === null) return "Deleted"
          return { productKey, deletingSince: product.deletingSince, devices: yield* store.countDevices(productKey) }
        }),
        changeProduct: Effect.fn("Registry.changeProduct")(function* (productKey, change) {
          yield* requireModel(change.modelId)
          const changed = yield* store.updateProduct(productKey, change)
          return changed === undefined ? yield* noSuchProduct(productKey) : productOf(changed)
        }),
        rotateProductSecret: Effect.fn("Registry.rotateProductSecret")(function* (
          productKey,
          { graceSeconds, productSecret: given }
        ) {
          yield* requireLength(given, lengthMin)
          const productSecret = yield* secretOr(given, "product secret")
          const known = yield* store.product(productKey)
          if (known === undefined) return yield* noSuchProduct(productKey)
          if (yield* isGiven(() => vault.openProduct(productKey, known.secret), productSecret)) {
            return { ...productOf(known), productSecret }
          }
          const now = yield* Clock.currentTimeMillis
          const until = graceSeconds === 0 ? undefined : now + graceSeconds * 1000
          const sealed = vault.sealProduct(productKey, productSecret)
          const changed = yield* store.rotateProductSecret(productKey, sealed, until, now)
          return changed === undefined ? yield* noSuchProduct(productKey) : { ...productOf(changed), productSecret }
        }),
        products: (after, limit) => Effect.map(store.products(after, limit), (products) => products.map(productOf)),
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
        productEvents: Effect.fn("Registry.productEvents")(function* (productKey, query) {
          const product = yield* store.product(productKey)
          if (product === undefined) return yield* noSuchProduct(productKey)
          return yield* store.events({ productKey, deviceKey: "" }, since(product, query))
        }),
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
      })
    })
  )
}

const noSuchProduct = (productKey: string) => new NoSuchProduct({ detail: `No product has the key ${productKey}.` })

const noSuchDevice = ({ productKey, deviceKey }: DeviceId) =>
  new NoSuchDevice({ detail: `${productKey} has no device ${deviceKey}.` })

/** Records that a former one of the same key left behind, or that come late of it, are not this one's. */
const since = ({ createdAt }: { readonly createdAt: number }, query: EventQuery): EventQuery => ({
  ...query,
  from: Math.max(createdAt, query.from ?? 0)
})

const productOf = (product: StoredProduct): Product => {
  const { productKey, productName, dataFormat, dynamicActivateEnabled, downlink, createdAt, previous } = product
  const until = previous === null ? {} : { previousSecretUntil: previous.until }
  const model = product.modelId === undefined ? {} : { modelId: product.modelId }
  const { closeNotify, deletingSince, piggybackMillis } = product
  const options = {
    downlink,
    ...(piggybackMillis !== undefined && { piggybackMillis }),
    ...(closeNotify !== undefined && { closeNotify }),
    ...(deletingSince !== null && { deletingSince })
  }
  return { productKey, productName, dataFormat, dynamicActivateEnabled, ...options, ...model, createdAt, ...until }
}

const valueOf = ({ quality, time, value }: LatestPoint): LatestValue =>
  quality === undefined ? { value, time } : { value, quality, time }

const deviceOf = (device: StoredDevice): RegisteredDevice => {
  const { assetId, productKey, deviceKey, deviceName, status, createdAt } = device
  const { activatedAt, lastSeenAt, lastOnlineAt, lastOfflineAt, lifetimeSeconds, address, suite } = device
  return {
    assetId,
    productKey,
    deviceKey,
    deviceName,
    status,
    createdAt,
    ...present({ activatedAt, lastSeenAt, lastOnlineAt, lastOfflineAt, lifetimeSeconds, address, suite })
  }
}

type Present<A> = { readonly [K in keyof A]?: NonNullable<A[K]> }

const present = <A extends object>(fields: A): Present<A> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null)) as Present<A>

/** Letters and digits; of a request with an Idempotency-Key the same in each run. */
const madeUp = (label: string, length: number): Effect.Effect<string> =>
  Effect.map(requestBytes(label, length * randomBytesPerCharacter), (bytes) => alphanumeric(bytes, length))

const secretOr = (given: string | undefined, label: string): Effect.Effect<string> =>
  given === undefined ? madeUp(label, secretLength) : Effect.succeed(given)
