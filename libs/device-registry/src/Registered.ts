import {
  type LatestValue,
  type EventQuery,
  NoSuchDevice,
  NoSuchProduct,
  type Product,
  type RegisteredDevice
} from "@roost/contracts"
import type { DeviceId, LatestPoint, StoredDevice, StoredProduct } from "./RegistryStore.ts"

export const noSuchProduct = (productKey: string) =>
  new NoSuchProduct({ detail: `No product has the key ${productKey}.` })

export const noSuchDevice = ({ productKey, deviceKey }: DeviceId) =>
  new NoSuchDevice({ detail: `${productKey} has no device ${deviceKey}.` })

/** Records that a former one of the same key left behind, or that come late of it, are not this one's. */
export const since = ({ createdAt }: { readonly createdAt: number }, query: EventQuery): EventQuery => ({
  ...query,
  from: Math.max(createdAt, query.from ?? 0)
})

/** As applications see it: without its secret. */
export const productOf = (product: StoredProduct): Product => {
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

export const deviceOf = (device: StoredDevice): RegisteredDevice => {
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

export const valueOf = ({ quality, time, value }: LatestPoint): LatestValue =>
  quality === undefined ? { value, time } : { value, quality, time }
