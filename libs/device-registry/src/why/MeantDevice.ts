import { parseIdentity } from "@roost/enos"
import type { MeantDevice, SeenEvent } from "@roost/explain"
import { Effect, Result } from "effect"
import { Registry } from "../Registry.ts"
import type { DeviceId } from "../RegistryStore.ts"
import { devicesLike } from "./DevicesLike.ts"

/** Identities of strangers that are looked up for one answer. */
const identitiesMax = 5

/** Finds the registered device that somebody meant who named one that is not. */
export const makeMeantDevices = Effect.map(Registry, (registry) => {
  const swapped = ({ deviceKey, productKey }: DeviceId) =>
    Effect.map(registry.device({ productKey: deviceKey, deviceKey: productKey }), (found): MeantDevice => ({
      productKey: found.productKey,
      deviceKey: found.deviceKey,
      fault: "swapped"
    })).pipe(Effect.orElseSucceed(() => undefined))

  /** Undefined too where the very key is in another product: then the product may be the wrong one. */
  const of = Effect.fnUntraced(function* (id: DeviceId): Effect.fn.Return<MeantDevice | undefined> {
    const other = yield* swapped(id)
    if (other !== undefined) return other
    const found = (yield* devicesLike(registry, id.deviceKey)).find(
      ({ deviceKey, productKey }) => isSame(deviceKey, id.deviceKey) && isSame(productKey, id.productKey)
    )
    return found && { productKey: found.productKey, deviceKey: found.deviceKey, fault: "capitals" }
  })

  return {
    of,
    /** The same of those who were refused, each with the device that it meant. */
    ofStrangers: Effect.fnUntraced(function* (strangers: ReadonlyArray<SeenEvent>) {
      const meant = new Map<string, MeantDevice | undefined>()
      for (const { code, identity } of strangers) {
        if (identity === undefined || !unknown.has(code ?? "") || meant.has(identity)) continue
        if (meant.size === identitiesMax) break
        const named = parseIdentity(new TextEncoder().encode(identity))
        meant.set(identity, Result.isSuccess(named) ? yield* of(named.success) : undefined)
      }
      return strangers.map((stranger) => ({ ...stranger, meant: meant.get(stranger.identity ?? "") }))
    })
  }
})

const isSame = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase()

/** Codes of identities that can be read, and name nobody. */
const unknown: ReadonlySet<string> = new Set(["unknown-product", "unknown-device"])
