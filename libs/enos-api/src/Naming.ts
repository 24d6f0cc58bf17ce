import { DeviceKey, ProductKey } from "@roost/enos"
import { Effect, Schema } from "effect"
import { ApiCode, type Call, decode, type EnosFailure, failed, refusalNamed } from "./EnosAnswer.ts"
import { type DeviceId, Provisioning } from "./Provisioning.ts"

const Name = Schema.Struct({
  assetId: Schema.optionalKey(Schema.String),
  productKey: Schema.optionalKey(ProductKey),
  deviceKey: Schema.optionalKey(DeviceKey)
})

/** The device that the URL or the body names: by `assetId`, or by `productKey` and `deviceKey`. */
export const deviceNamed = Effect.fnUntraced(function* ({
  body,
  query
}: Call): Effect.fn.Return<DeviceId, EnosFailure, Provisioning> {
  const inBody = typeof body === "object" && body !== null && !Array.isArray(body) ? body : {}
  const { assetId, deviceKey, productKey } = yield* decode(Name, { ...inBody, ...query })
  if (assetId !== undefined) return yield* Effect.flatMap(Provisioning, (found) => known(found.deviceOfAsset(assetId)))
  if (productKey !== undefined && deviceKey !== undefined) return { productKey, deviceKey }
  return yield* failed(ApiCode.invalidArgument, "a device is named by assetId, or by productKey and deviceKey")
})

/** Codes of what the registry says no to. */
export const known = <A, R>(
  effect: Effect.Effect<A, { readonly _tag: string; readonly detail?: string | undefined }, R>
): Effect.Effect<A, EnosFailure, R> =>
  Effect.mapError(effect, ({ _tag, detail }) =>
    failed(codes[_tag] ?? ApiCode.internal, detail ?? _tag, undefined, refusalNamed(_tag))
  )

const codes: Readonly<Record<string, number>> = {
  NoSuchProduct: ApiCode.noSuchProduct,
  NoSuchDevice: ApiCode.noSuchDevice,
  NoSuchModel: ApiCode.noSuchModel,
  DeviceKeyExists: ApiCode.deviceKeyExists,
  ProductKeyExists: ApiCode.invalidArgument,
  SecretTooShort: ApiCode.invalidArgument,
  TooManyProperties: ApiCode.invalidArgument,
  AttributesNotOfModel: ApiCode.invalidArgument
}
