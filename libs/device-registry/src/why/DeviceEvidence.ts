import type { DeviceEvent, RegisteredDevice, Stranger } from "@roost/contracts"
import type { Evidence, SeenEvent } from "@roost/explain"
import { Clock, Effect } from "effect"
import { Registry } from "../Registry.ts"
import type { DeviceId } from "../RegistryStore.ts"
import { Strangers } from "../Strangers.ts"
import { DeviceCommands } from "./DeviceCommands.ts"
import { devicesLike } from "./DevicesLike.ts"
import { makeMeantDevices } from "./MeantDevice.ts"
import { RefusedDevices } from "./RefusedDevices.ts"

/** Events of a device that are looked at, and refusals of strangers; a page of each. */
const eventsMax = 200
const strangersMax = 200
/** Products that are named which have a device of the same key. */
const sameKeyMax = 5

/** Collects what is known of a device or an address, from wherever it is kept. A source that can't be asked is left out. */
export const makeEvidence = Effect.gen(function* () {
  const registry = yield* Registry
  const strangers = yield* Strangers
  const refused = yield* RefusedDevices
  const commands = yield* DeviceCommands
  const meantDevices = yield* makeMeantDevices

  /** Where a device of this key is, if not in the product that was asked about. */
  const productsWith = ({ deviceKey, productKey }: DeviceId) =>
    Effect.map(devicesLike(registry, deviceKey), (devices) =>
      devices
        .filter((found) => found.deviceKey === deviceKey && found.productKey !== productKey)
        .slice(0, sameKeyMax)
        .map((found) => found.productKey)
    )

  const ofRegistered = Effect.fnUntraced(function* (id: DeviceId, device: RegisteredDevice, now: number) {
    const events = yield* Effect.orElseSucceed(
      registry.events(id, { limit: eventsMax }),
      (): ReadonlyArray<DeviceEvent> => []
    )
    // An address of its own is its own fault, one that is online came in by its own key.
    const named = yield* meantDevices.ofStrangers(namedBy(strangers, id, device.status !== "online"))
    return { now, device, events: events.map(seen), strangers: named, commands: yield* commands.of(id) }
  })

  const ofUnknown = Effect.fnUntraced(function* (id: DeviceId, now: number) {
    const hasProduct = yield* Effect.isSuccess(registry.product(id.productKey))
    const unregistered: Evidence["unregistered"] = hasProduct ? "device" : "product"
    const sameKeyIn = yield* productsWith(id)
    const meant = yield* meantDevices.of(id)
    const named = yield* meantDevices.ofStrangers(namedBy(strangers, id, false))
    return { now, unregistered, sameKeyIn, meant, events: [], strangers: named, commands: [] }
  })

  return {
    ofDevice: Effect.fn("Why.ofDevice")(function* (id: DeviceId) {
      const now = yield* Clock.currentTimeMillis
      const device = yield* Effect.orElseSucceed(registry.device(id), () => undefined)
      const evidence: Evidence = yield* device === undefined ? ofUnknown(id, now) : ofRegistered(id, device, now)
      return evidence
    }),
    ofAddress: Effect.fn("Why.ofAddress")(function* (address: string) {
      const now = yield* Clock.currentTimeMillis
      const query = { address, identity: undefined, limit: strangersMax }
      const evidence: Evidence = {
        now,
        events: refused.at(address, eventsMax).map(seenAt),
        strangers: yield* meantDevices.ofStrangers(strangers.list(query).map(seen)),
        commands: []
      }
      return evidence
    })
  }
})

/** Strangers that name the device; `others`: also those that name its key in another product, or in another form of identity. */
const namedBy = (
  strangers: { readonly list: Strangers["Service"]["list"] },
  { deviceKey, productKey }: DeviceId,
  others: boolean
): ReadonlyArray<SeenEvent> => {
  const found = strangers.list({ address: undefined, identity: deviceKey, limit: strangersMax })
  const own = `${productKey},${deviceKey}`
  return found
    .filter(({ identity = "" }) => {
      const at = identity.indexOf(deviceKey)
      const isWhole = !isKeyCharacter(identity[at - 1]) && !isKeyCharacter(identity[at + deviceKey.length])
      return isWhole && (others || identity.includes(own))
    })
    .map(seen)
}

/** The characters that keys are made of, but for the comma and what stands around them. */
const isKeyCharacter = (character: string | undefined): boolean =>
  character !== undefined && /[A-Za-z0-9_.:-]/.test(character)

const seen = (event: DeviceEvent | Stranger): SeenEvent => {
  const { address, at, code, kind, reason } = event
  const { detail } = event as DeviceEvent
  const { identity, times = detail?.["times"] } = event as Stranger
  return { at, kind, code, reason, address, identity, times: typeof times === "number" ? times : undefined }
}

/** Among others the device has to be named. */
const seenAt = (event: DeviceEvent): SeenEvent => ({
  ...seen(event),
  reason: `${event.productKey},${event.deviceKey}: ${event.reason}`
})
