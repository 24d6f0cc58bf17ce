import { DeviceKey, ProductKey, Secret } from "@roost/enos"
import * as Schema from "effect/Schema"
import { DeviceEvent } from "../Device.ts"
import { explained } from "../Explained.ts"
import { sentBack } from "../http/SentBack.ts"
import { DeviceStatus } from "../Registry.ts"
import { DisplayName } from "./Product.ts"

const Millis = Schema.Finite.annotate({ description: "Milliseconds since 1970." })

/** A device as operators see it. A time that never came is absent. */
export const RegisteredDevice = Schema.Struct({
  assetId: Schema.String,
  productKey: ProductKey,
  deviceKey: DeviceKey,
  deviceName: DisplayName,
  status: DeviceStatus.annotate({
    description: "`inactive` until the first handshake with the device's own secret; `disabled` hides the others."
  }),
  createdAt: Millis,
  activatedAt: Schema.optionalKey(Millis),
  lastSeenAt: Schema.optionalKey(Millis),
  lastOnlineAt: Schema.optionalKey(Millis),
  lastOfflineAt: Schema.optionalKey(Millis),
  lifetimeSeconds: Schema.optionalKey(
    Schema.Int.annotate({ description: "Silence of this many seconds makes the device offline." })
  ),
  address: Schema.optionalKey(Schema.String.annotate({ description: "IP address and port it was last seen at." })),
  suite: Schema.optionalKey(Schema.String.annotate({ description: "Cipher suite of its last session." })),
  pendingCommands: Schema.optionalKey(
    Schema.Int.annotate({ description: "Commands that wait for the device; absent where its actor did not answer." })
  )
}).annotate({ identifier: "Device" })
export type RegisteredDevice = typeof RegisteredDevice.Type

export const NewDevice = Schema.Struct({
  deviceKey: DeviceKey,
  deviceSecret: Schema.optionalKey(Secret.annotate({ description: "Made up if absent: 20 letters and digits." })),
  deviceName: Schema.optionalKey(DisplayName.annotate({ description: "The device key if absent." }))
}).annotate({ identifier: "NewDevice" })
export type NewDevice = typeof NewDevice.Type

/** The secret is told here and never again. */
export const DeviceCredential = Schema.Struct({
  assetId: Schema.String,
  productKey: ProductKey,
  deviceKey: DeviceKey,
  deviceSecret: Secret
}).annotate({ identifier: "DeviceCredential" })
export type DeviceCredential = typeof DeviceCredential.Type

export const NewSecret = Schema.Struct({
  deviceSecret: Schema.optionalKey(Secret.annotate({ description: "Made up if absent: 20 letters and digits." }))
}).annotate({ identifier: "NewSecret" })
export type NewSecret = typeof NewSecret.Type

/** One line of the answer to an import; `line` counts from 1. */
export const ImportResult = Schema.Union([
  Schema.TaggedStruct("Imported", { line: Schema.Int, ...DeviceCredential.fields }),
  Schema.TaggedStruct("Refused", {
    line: Schema.Int,
    deviceKey: Schema.optionalKey(Schema.String),
    ...explained,
    reason: Schema.String
  }),
  Schema.TaggedStruct("Done", { imported: Schema.Int, refused: Schema.Int })
]).annotate({ identifier: "ImportResult" })
export type ImportResult = typeof ImportResult.Type

export const LoggedEvent = Schema.Struct({ ...DeviceEvent.fields, id: Schema.Int }).annotate({
  identifier: "DeviceEvent"
})
export type LoggedEvent = typeof LoggedEvent.Type

const { address: _address, deviceKey: _deviceKey, ...ofProduct } = LoggedEvent.fields
/** Of a product as such. */
export const ProductEvent = Schema.Struct(ofProduct).annotate({ identifier: "ProductEvent" })
export type ProductEvent = typeof ProductEvent.Type

/** Of a device, what names it. */
export const deviceFixed: ReadonlyArray<string> = ["productKey", "deviceKey", "assetId"]

/** The fields of a device that may change; an absent one stays. */
export const DeviceChange = sentBack(RegisteredDevice.fields, { deviceName: Schema.optionalKey(DisplayName) }).annotate(
  {
    identifier: "DeviceChange"
  }
)
export type DeviceChange = typeof DeviceChange.Type
