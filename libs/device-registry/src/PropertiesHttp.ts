import {
  NoSuchDevice,
  propertiesPerDeviceMax,
  type PropertyKind,
  RegistryApi,
  TooManyProperties
} from "@roost/contracts"
import { Clock, Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { type DeviceId, RegistryStore } from "./RegistryStore.ts"

/** Attributes and tags for applications; the device's own way to them is `answerPropertiesAsk`. */
export const PropertyHandlers = HttpApiBuilder.group(
  RegistryApi,
  "properties",
  Effect.fnUntraced(function* (handlers) {
    const store = yield* RegistryStore
    const read = Effect.fnUntraced(function* (id: DeviceId, kind: PropertyKind) {
      const found = yield* store.properties(id, kind)
      return found === undefined ? yield* noSuchDevice(id) : Object.fromEntries(found)
    })
    const change = Effect.fnUntraced(function* (id: DeviceId, kind: PropertyKind, payload: Record<string, unknown>) {
      const values = Object.fromEntries(Object.entries(payload).map(([name, value]) => [name, value ?? undefined]))
      const outcome = yield* store.changeProperties(id, kind, values, yield* Clock.currentTimeMillis)
      if (outcome === "UnknownDevice") return yield* noSuchDevice(id)
      if (outcome === "TooMany") {
        const detail = `A device has at most ${propertiesPerDeviceMax[kind]} ${kind}s; delete some with null.`
        return yield* new TooManyProperties({ detail })
      }
      return yield* read(id, kind)
    })
    return handlers.handleAll({
      getAttributes: ({ params }) => read(params, "attribute"),
      changeAttributes: ({ params, payload }) => change(params, "attribute", payload),
      getTags: ({ params }) => read(params, "tag"),
      changeTags: ({ params, payload }) => change(params, "tag", payload)
    })
  })
)

const noSuchDevice = ({ deviceKey, productKey }: DeviceId): NoSuchDevice =>
  new NoSuchDevice({ detail: `${productKey} has no device ${deviceKey}.` })
