import { parseIdentity } from "@roost/enos"
import type { MeantDevice, SeenEvent } from "@roost/explain"
import { Effect, Result } from "effect"
import { Registry } from "../Registry.ts"
import type { DeviceId } from "../RegistryStore.ts"

/** Identities of strangers that are looked up for one answer. */
const identitiesMax = 5
/** Devices whose key is like the one that was named, of which those in other capitals are looked for. */
const alikeMax = 50

/** Finds the registered device that somebody meant who named one that is not. */
export const makeMeantDevices = Effect.map(Registry, (registry) => {
  const swapped = ({ deviceKey, productKey }: DeviceId) =>
    Effect.map(registry.device({ productKey: deviceKey, deviceKey: productKey }), (found): MeantDevice => ({
      productKey: found.productKey,
      deviceKey: found.deviceKey,
      fault: "swapped"
    })).pipe(Effect.orElseSucceed(() => undefined))

  const alike = (deviceKey: string) =>
    Effect.map(
      registry.search({
        part: deviceKey,
        productKey: undefined,
        status: undefined,
        tag: undefined,
        seenBefore: undefined,
        sort: "deviceKey",
        after: undefined,
        limit: alikeMax
      }),
      ({ devices }) => devices.filter((found) => isSame(found.deviceKey, deviceKey))
    ).pipe(Effect.orElseSucceed(() => []))

  /** Undefined too where the very key is in another product: then the product may be the wrong one. */
  const of = Effect.fnUntraced(function* (id: DeviceId): Effect.fn.Return<MeantDevice | undefined> {
    const other = yield* swapped(id)
    if (other !== undefined) return other
    const found = (yield* alike(id.deviceKey)).find(({ productKey }) => isSame(productKey, id.productKey))
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
