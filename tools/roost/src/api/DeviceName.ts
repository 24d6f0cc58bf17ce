import { isDeviceKey, isProductKey, nearestName } from "@roost/enos"
import { Effect } from "effect"
import { Failure } from "../Failure.ts"
import { Api } from "./Api.ts"
import { operations } from "./Operation.ts"

export interface DeviceName {
  readonly productKey: string
  readonly deviceKey: string
}

/** `PRODUCT/DEVICE`. */
export const deviceName = (text: string): Effect.Effect<DeviceName, Failure, Api> => {
  const at = text.indexOf("/")
  const name = { productKey: text.slice(0, Math.max(0, at)), deviceKey: text.slice(at + 1) }
  if (at !== -1 && isProductKey(name.productKey) && isDeviceKey(name.deviceKey)) return Effect.succeed(name)
  if (at === -1 && isDeviceKey(text)) return deviceOfAnyProduct(text)
  return new Failure({
    outcome: "unusable",
    what: `${JSON.stringify(text)} names no device`,
    expected: "PRODUCT/DEVICE, such as meters/meter-1",
    cure: "roost products ls, roost products devices PRODUCT"
  })
}

/** Products that are looked through for a device key alone. */
const productsMax = 200

const deviceOfAnyProduct = Effect.fnUntraced(function* (deviceKey: string) {
  const { call } = yield* Api
  const products = yield* keysOf("listProducts", {}, "products", "productKey")
  const found = yield* Effect.filter(
    products.slice(0, productsMax),
    (productKey) =>
      call(operations.get("getDevice")!, { params: { productKey, deviceKey } }).pipe(
        Effect.as(true),
        Effect.catchIf(
          (error) => error.outcome === "notThere",
          () => Effect.succeed(false)
        )
      ),
    { concurrency: 8 }
  )
  if (found.length === 1) return { productKey: found[0]!, deviceKey }
  return yield* new Failure({
    outcome: found.length === 0 ? "notThere" : "unusable",
    what: found.length === 0 ? `no product has a device ${deviceKey}` : `several products have a device ${deviceKey}`,
    expected: found.length === 0 ? "PRODUCT/DEVICE, or a device key that is registered" : "one of them",
    cure:
      found.length === 0
        ? "roost products ls, roost products devices PRODUCT"
        : found.map((productKey) => `${productKey}/${deviceKey}`).join(", ")
  })
})

/** To a failure that a product or device is not there, the names that were probably meant. */
export const withNearestNames = <A, R>(
  effect: Effect.Effect<A, Failure, R>,
  named: Partial<DeviceName>
): Effect.Effect<A, Failure, R | Api> =>
  Effect.catchIf(
    effect,
    (failure) => failure.outcome === "notThere" && failure.problem !== undefined,
    (failure) =>
      nearestTo(failure, named).pipe(
        Effect.orElseSucceed(() => undefined),
        Effect.flatMap((cure) => new Failure({ ...told(failure), ...(cure === undefined ? {} : { cure }) }))
      )
  )

const told = ({ cause, cure, expected, outcome, problem, what }: Failure) => ({
  cause,
  cure,
  expected,
  outcome,
  problem,
  what
})

const nearestTo = Effect.fnUntraced(function* (failure: Failure, { deviceKey, productKey }: Partial<DeviceName>) {
  const { type } = failure.problem as { readonly type?: string }
  if (productKey === undefined) return undefined
  if (type?.endsWith(":no-such-product") === true) return yield* nearestProduct(productKey)
  if (type?.endsWith(":no-such-device") !== true || deviceKey === undefined) return undefined
  const known = yield* devicesLike(productKey, deviceKey).pipe(
    Effect.catchIf(
      (error) => error.outcome === "notThere",
      () => Effect.succeed(undefined)
    )
  )
  if (known === undefined) return yield* nearestProduct(productKey)
  const nearest = nearestName(deviceKey, known)
  if (nearest !== undefined) return `did you mean ${productKey}/${nearest}?`
  return known.length === 0
    ? `${productKey} has no devices: roost devices create ${productKey}/${deviceKey}`
    : `${productKey} has ${known.slice(0, shownMax).join(", ")}${known.length > shownMax ? " …" : ""}`
})

const shownMax = 5

/** Those of the product that begin alike, and its first ones. */
const devicesLike = Effect.fnUntraced(function* (productKey: string, deviceKey: string) {
  const first = yield* keysOf("listDevices", { params: { productKey } }, "devices", "deviceKey")
  if (first.length < pageMax) return first
  const q = deviceKey.slice(0, Math.max(1, deviceKey.length >> 1))
  return [...first, ...(yield* keysOf("searchDevices", { query: { productKey, q } }, "devices", "deviceKey"))]
})

const nearestProduct = Effect.fnUntraced(function* (productKey: string) {
  const known = yield* keysOf("listProducts", {}, "products", "productKey")
  const nearest = nearestName(productKey, known)
  if (nearest !== undefined) return `did you mean the product ${nearest}?`
  return known.length === 0
    ? "there are no products: roost products create KEY --name NAME"
    : `there are ${known.slice(0, shownMax).join(", ")}${known.length > shownMax ? " …" : ""}`
})

const keysOf = Effect.fnUntraced(function* (
  id: string,
  request: { readonly params?: object; readonly query?: object },
  items: string,
  key: string
) {
  const { call } = yield* Api
  const answer = (yield* call(operations.get(id)!, {
    ...request,
    query: { ...request.query, limit: pageMax }
  })) as Readonly<Record<string, ReadonlyArray<Readonly<Record<string, string>>>>>
  return (answer[items] ?? []).map((item) => item[key]!)
})

/** Items of one answer. */
const pageMax = 200
