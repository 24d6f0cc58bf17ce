import * as Data from "effect/Data"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { type IdentityMistake, identityMistakeOf, likelyCauseOf, printableText } from "./IdentityText.ts"
import { DeviceKey, deviceKeyRule, isDeviceKey, isProductKey, ProductKey, productKeyRule } from "./Key.ts"
import { Lifetime, lifetimeSecondsMax, lifetimeSecondsMin } from "./Lifetime.ts"
import { SecureMode } from "./SecureMode.ts"

/** A device's identity: `{ProductKey},{DeviceKey},{SecureMode},{Lifetime}` (contract §3.4). */
export const PskIdentity = Schema.Struct({
  productKey: ProductKey,
  deviceKey: DeviceKey,
  secureMode: SecureMode,
  lifetimeSeconds: Lifetime
})
export type PskIdentity = typeof PskIdentity.Type

/** RFC 4279 §5.3: identities of up to 128 octets must be supported; the longest legal one here has 93. */
export const identityBytesMax = 128

/**
 * An identity that Roost does not serve. `productKey` and `deviceKey` are there when they could be read, so that the
 * operator's event can be filed under the device.
 */
export class IdentityError extends Data.TaggedError("IdentityError")<{
  readonly field: "identity" | "productKey" | "deviceKey" | "secureMode" | "lifetime"
  readonly expected: string
  readonly got: string
  readonly mistake?: IdentityMistake
  readonly productKey?: string
  readonly deviceKey?: string
}> {
  override get message(): string {
    const cause = this.mistake === undefined ? "" : `; likely ${likelyCauseOf(this.mistake)}`
    return (
      `the PSK identity ${this.field === "identity" ? "is wrong" : `has a wrong ${this.field}`}: expected ${this.expected}, got ${this.got}${cause}. ` +
      `Send {ProductKey},{DeviceKey},{SecureMode},{Lifetime} as ASCII text, such as ${example}`
    )
  }
}

/** Reads the bytes of a ClientKeyExchange. Strict: no spaces, signs or leading zeros (F20). */
export const parseIdentity = (bytes: Uint8Array): Result.Result<PskIdentity, IdentityError> => {
  const wrong = (field: IdentityError["field"], expected: string, got: string, keys: NamedKeys = {}) => {
    const mistake = identityMistakeOf(bytes)
    return Result.fail(
      new IdentityError({ field, expected, got, ...(mistake === undefined ? {} : { mistake }), ...keys })
    )
  }
  if (bytes.length > identityBytesMax) {
    return wrong("identity", `at most ${identityBytesMax} bytes`, `${bytes.length} bytes: ${quote(bytes)}`)
  }
  const text = decodeUtf8(bytes)
  if (text === undefined) return wrong("identity", "ASCII text", quote(bytes))
  const fields = text.split(",")
  if (fields.length !== 4) return wrong("identity", "4 fields separated by commas", quote(bytes))
  const [productKey, deviceKey, mode, lifetime] = fields as [string, string, string, string]
  if (!isProductKey(productKey)) return wrong("productKey", productKeyRule, quoteText(productKey))
  if (!isDeviceKey(deviceKey)) return wrong("deviceKey", deviceKeyRule, quoteText(deviceKey), { productKey })
  const keys = { productKey, deviceKey }
  if (mode !== "2" && mode !== "3") {
    return wrong("secureMode", "2 (device secret) or 3 (product secret)", quoteText(mode), keys)
  }
  const seconds = decimal.test(lifetime) ? Number(lifetime) : Number.NaN
  if (!(seconds >= lifetimeSecondsMin && seconds <= lifetimeSecondsMax)) {
    return wrong("lifetime", `${lifetimeSecondsMin}–${lifetimeSecondsMax} seconds`, quoteText(lifetime), keys)
  }
  return Result.succeed({ productKey, deviceKey, secureMode: mode === "2" ? 2 : 3, lifetimeSeconds: seconds })
}

export const formatIdentity = (identity: PskIdentity): string =>
  `${identity.productKey},${identity.deviceKey},${identity.secureMode},${identity.lifetimeSeconds}`

interface NamedKeys {
  readonly productKey?: string
  readonly deviceKey?: string
}

/** Escaped, so that no control character of a stranger reaches an operator's terminal. */
const quote = (bytes: Uint8Array): string => `"${printableText(bytes)}"`
const quoteText = (text: string): string => quote(utf8.encode(text))

const decodeUtf8 = (bytes: Uint8Array): string | undefined => {
  try {
    return strictUtf8.decode(bytes)
  } catch {
    return undefined
  }
}

const utf8 = new TextEncoder()
const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
const decimal = /^[1-9][0-9]{0,5}$/
const example = "pk1,dev1,2,3600"
