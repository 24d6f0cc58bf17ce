import { AttributeChange, DisplayName, NewDevice, type RegisteredDevice, TagChange } from "@roost/contracts"
import { alphanumeric, DeviceKey, randomBytesPerCharacter } from "@roost/enos"
import { Effect, Schema } from "effect"
import { randomBytes } from "node:crypto"
import {
  type Action,
  ApiCode,
  type Call,
  decode,
  EnosName,
  failed,
  nameOf,
  pageOf,
  pageSizeMax,
  textOfName
} from "./EnosAnswer.ts"
import { parseExpression } from "./Expression.ts"
import { deviceNamed, known } from "./Naming.ts"
import { Provisioning } from "./Provisioning.ts"

/** Devices that a search reads, and products that it looks into: as many as EnOS lets a product have devices. */
export const searchedDevicesMax = 10_000

/** Characters of a device key that is made up; EnOS's have as many. */
const deviceKeyLength = 10

const NewEnosDevice = Schema.Struct({
  productKey: Schema.String,
  deviceKey: Schema.optionalKey(DeviceKey),
  deviceName: EnosName,
  deviceAttributes: Schema.optionalKey(Schema.Record(Schema.String, Schema.Unknown)),
  deviceTags: Schema.optionalKey(Schema.Record(Schema.String, Schema.Unknown))
})

const create: Action<Provisioning> = Effect.fnUntraced(function* ({ body }) {
  const { deviceAttributes, deviceTags, ...device } = yield* decode(NewEnosDevice, body)
  // Better refused than forgotten.
  if (Object.keys({ ...deviceAttributes, ...deviceTags }).length > 0) {
    return yield* failed(ApiCode.invalidArgument, "deviceAttributes, deviceTags: this API does not keep them yet")
  }
  const { deviceKey = alphanumeric(randomBytes(deviceKeyLength * randomBytesPerCharacter), deviceKeyLength) } = device
  const deviceName = yield* decode(DisplayName, textOfName(device.deviceName))
  return { data: yield* known((yield* Provisioning).createDevice(device.productKey, { deviceKey, deviceName })) }
})

const get: Action<Provisioning> = Effect.fnUntraced(function* (call) {
  const provisioning = yield* Provisioning
  return { data: deviceOf(call, yield* known(provisioning.device(yield* deviceNamed(call)))) }
})

const SearchRequest = Schema.Struct({ expression: Schema.optionalKey(Schema.String) })
const searchFields = ["productKey", "deviceKey", "assetId", "deviceName", "status"]

const search: Action<Provisioning> = Effect.fnUntraced(function* (call) {
  const provisioning = yield* Provisioning
  const { expression } = yield* decode(SearchRequest, call.body)
  const wanted = yield* parseExpression(expression, searchFields)
  const devices: Array<RegisteredDevice> = []
  for (const productKey of wanted.get("productKey") ?? (yield* allProducts)) {
    for (let after: string | undefined; ;) {
      const page = yield* known(provisioning.devices(productKey, { after, limit: pageSizeMax }))
      devices.push(...page)
      if (devices.length > searchedDevicesMax) return yield* tooMany("devices")
      if (page.length < pageSizeMax) break
      after = page.at(-1)!.deviceKey
    }
  }
  const matching = devices.filter((device) =>
    [...wanted].every(([field, values]) => {
      const value = device[field as keyof RegisteredDevice]
      // EnOS's literal for a search is `disable` (enos-protocol §7.2).
      return values.has(String(value)) || (field === "status" && value === "disabled" && values.has("disable"))
    })
  )
  const newestFirst = matching.toSorted((a, b) => b.createdAt - a.createdAt)
  return yield* pageOf(call.body, newestFirst, (device) => deviceOf(call, device))
})

const allProducts = Effect.gen(function* () {
  const provisioning = yield* Provisioning
  const keys: Array<string> = []
  for (let after: string | undefined; ; after = keys.at(-1)) {
    const page = yield* provisioning.products(after, pageSizeMax)
    keys.push(...page.map(({ productKey }) => productKey))
    if (keys.length > searchedDevicesMax) return yield* tooMany("products")
    if (page.length < pageSizeMax) return keys
  }
})

const tooMany = (what: string) =>
  failed(
    ApiCode.invalidArgument,
    `expression: it names more than the ${searchedDevicesMax} ${what} that are searched; expected a productKey in it`
  )

const remove: Action<Provisioning> = Effect.fnUntraced(function* (call) {
  yield* known((yield* Provisioning).deleteDevice(yield* deviceNamed(call)))
  return { data: null }
})

const setEnabled = (enabled: boolean): Action<Provisioning> =>
  Effect.fnUntraced(function* (call) {
    const provisioning = yield* Provisioning
    const id = yield* deviceNamed(call)
    const { status } = yield* known(provisioning.device(id))
    if ((status !== "disabled") === enabled) {
      return yield* failed(ApiCode.stateUnchanged, `the device is ${enabled ? "enabled" : "disabled"} already`)
    }
    yield* known(provisioning.setEnabled(id, enabled))
    return { data: null }
  })

const Replacement = Schema.Struct({
  newDeviceKey: Schema.optionalKey(DeviceKey),
  deviceSecret: Schema.optionalKey(NewDevice.fields.deviceSecret.schema)
})

const replace: Action<Provisioning> = Effect.fnUntraced(function* (call) {
  const id = yield* deviceNamed(call)
  const { deviceSecret, newDeviceKey = id.deviceKey } = yield* decode(Replacement, {
    ...call.query,
    ...asObject(call.body)
  })
  if (newDeviceKey !== id.deviceKey) {
    return yield* failed(ApiCode.invalidArgument, "newDeviceKey: new hardware has the device key of the old")
  }
  return { data: yield* known((yield* Provisioning).replaceDevice(id, deviceSecret)) }
})

const Update = Schema.Struct({
  deviceName: Schema.optionalKey(EnosName),
  deviceAttributes: Schema.optionalKey(AttributeChange),
  deviceTags: Schema.optionalKey(TagChange)
})

/** An absent field stays, and `null` deletes an attribute or a tag: EnOS's patch update. */
const update: Action<Provisioning> = Effect.fnUntraced(function* (call) {
  const id = yield* deviceNamed(call)
  const { deviceAttributes, deviceName, deviceTags } = yield* decode(Update, call.written)
  const provisioning = yield* Provisioning
  if (deviceName !== undefined) {
    const name = yield* decode(DisplayName, textOfName(deviceName))
    yield* known(provisioning.changeDevice(id, { deviceName: name }))
  }
  if (deviceAttributes !== undefined) yield* known(provisioning.changeProperties(id, "attribute", deviceAttributes))
  if (deviceTags !== undefined) yield* known(provisioning.changeProperties(id, "tag", deviceTags))
  // Nothing to change is still a device that has to be there.
  yield* known(provisioning.device(id))
  return { data: null }
})

const asObject = (body: unknown): object => (typeof body === "object" && body !== null ? body : {})

/** EnOS's Device struct; times in milliseconds since 1970, 0 for never. */
const deviceOf = ({ query }: Call, device: RegisteredDevice) => ({
  orgId: query["orgId"] ?? "",
  assetId: device.assetId,
  productKey: device.productKey,
  productType: "Device",
  deviceKey: device.deviceKey,
  deviceName: nameOf(device.deviceName),
  status: device.status,
  createTime: device.createdAt,
  activeTime: device.activatedAt ?? 0,
  lastOnlineTime: device.lastOnlineAt ?? 0,
  lastOfflineTime: device.lastOfflineAt ?? 0
})

export const deviceActions = {
  "POST create": create,
  "GET get": get,
  "POST search": search,
  "POST update": update,
  "POST delete": remove,
  "POST enable": setEnabled(true),
  "POST disable": setEnabled(false),
  "POST replaceDevice": replace
}
