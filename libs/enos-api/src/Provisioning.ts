import type {
  AttributesNotOfModel,
  DeviceChange,
  DeviceCredential,
  DeviceKeyExists,
  DeviceStatus,
  LatestValues,
  NewDevice,
  NewProduct,
  NoSuchDevice,
  NoSuchModel,
  NoSuchProduct,
  Product,
  ProductKeyExists,
  ProductWithSecret,
  PropertyKind,
  RegisteredDevice,
  SecretTooShort,
  TooManyProperties
} from "@roost/contracts"
import { Context, type Effect } from "effect"

export interface DeviceId {
  readonly productKey: string
  readonly deviceKey: string
}

/** The calls about products and devices need this; the registry's own service is one. */
export class Provisioning extends Context.Service<
  Provisioning,
  {
    readonly createProduct: (
      product: NewProduct
    ) => Effect.Effect<ProductWithSecret, ProductKeyExists | NoSuchModel | SecretTooShort>
    readonly product: (productKey: string) => Effect.Effect<ProductWithSecret, NoSuchProduct>
    /** By key, ascending, behind `after`. */
    readonly products: (after: string | undefined, limit: number) => Effect.Effect<ReadonlyArray<Product>>
    readonly createDevice: (
      productKey: string,
      device: NewDevice
    ) => Effect.Effect<DeviceCredential, NoSuchProduct | DeviceKeyExists | SecretTooShort>
    readonly device: (id: DeviceId) => Effect.Effect<RegisteredDevice, NoSuchDevice>
    /** The keys of the device with this asset id. */
    readonly deviceOfAsset: (assetId: string) => Effect.Effect<DeviceId, NoSuchDevice>
    /** By device key, ascending, behind `after`. */
    readonly devices: (
      productKey: string,
      page: {
        readonly status?: DeviceStatus | undefined
        readonly after?: string | undefined
        readonly limit: number
      }
    ) => Effect.Effect<ReadonlyArray<RegisteredDevice>, NoSuchProduct>
    /** Of all points, or of these. */
    readonly latestValues: (
      id: DeviceId,
      ids: ReadonlyArray<string> | undefined
    ) => Effect.Effect<LatestValues, NoSuchDevice>
    readonly changeDevice: (id: DeviceId, change: DeviceChange) => Effect.Effect<RegisteredDevice, NoSuchDevice>
    /** `null` deletes a property; all of the change or nothing. */
    readonly changeProperties: (
      id: DeviceId,
      kind: PropertyKind,
      values: Readonly<Record<string, unknown>>
    ) => Effect.Effect<void, NoSuchDevice | TooManyProperties | AttributesNotOfModel>
    readonly deleteDevice: (id: DeviceId) => Effect.Effect<void, NoSuchDevice>
    readonly setEnabled: (id: DeviceId, enabled: boolean) => Effect.Effect<RegisteredDevice, NoSuchDevice>
    readonly replaceDevice: (
      id: DeviceId,
      secret: string | undefined
    ) => Effect.Effect<DeviceCredential, NoSuchDevice | SecretTooShort>
  }
>()("@roost/enos-api/Provisioning") {}
