import { NoSuchDevice, type Property, type PropertyKind, RegistryApi } from "@roost/contracts"
import { writtenBody } from "@roost/http"
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { Registry } from "./Registry.ts"
import { type DeviceId, RegistryStore } from "./RegistryStore.ts"
import { changedOf } from "./SentBackProperties.ts"

/** Attributes and tags for applications; the device's own way to them is `answerPropertiesAsk`. */
export const PropertyHandlers = HttpApiBuilder.group(
  RegistryApi,
  "properties",
  Effect.fnUntraced(function* (handlers) {
    const store = yield* RegistryStore
    const read = Effect.fnUntraced(function* (id: DeviceId, kind: PropertyKind) {
      const found = yield* store.properties(id, kind)
      return found ?? (yield* noSuchDevice(id))
    })
    const registry = yield* Registry
    const change = Effect.fnUntraced(function* (
      id: DeviceId,
      kind: PropertyKind,
      given: Readonly<Record<string, unknown>>,
      options: { readonly unchecked?: boolean }
    ) {
      yield* registry.changeProperties(id, kind, changedOf(given, yield* read(id, kind)), options)
      return Object.fromEntries(yield* read(id, kind))
    })
    return handlers.handleAll({
      getAttributes: ({ params }) => Effect.map(read(params, "attribute"), Object.fromEntries<Property>),
      changeAttributes: ({ params, query, request }) =>
        change(params, "attribute", writtenBody(request) as Readonly<Record<string, unknown>>, query),
      getTags: ({ params }) => Effect.map(read(params, "tag"), Object.fromEntries<Property>),
      changeTags: ({ params, payload }) =>
        // No model has tags.
        change(params, "tag", payload, { unchecked: true }).pipe(Effect.catchTag("AttributesNotOfModel", Effect.die))
    })
  })
)

const noSuchDevice = ({ deviceKey, productKey }: DeviceId): NoSuchDevice =>
  new NoSuchDevice({ detail: `${productKey} has no device ${deviceKey}.` })
