import { NoSuchDevice, type PropertyKind, RegistryApi } from "@roost/contracts"
import { writtenBody } from "@roost/http"
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { Registry } from "./Registry.ts"
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
    const registry = yield* Registry
    type Values = Readonly<Record<string, unknown>>
    return handlers.handleAll({
      getAttributes: ({ params }) => read(params, "attribute"),
      changeAttributes: ({ params, query, request }) =>
        Effect.andThen(
          registry.changeProperties(params, "attribute", writtenBody(request) as Values, query),
          read(params, "attribute")
        ),
      getTags: ({ params }) => read(params, "tag"),
      changeTags: ({ params, payload }) =>
        // No model has tags.
        registry
          .changeProperties(params, "tag", payload, { unchecked: true })
          .pipe(Effect.catchTag("AttributesNotOfModel", Effect.die), Effect.andThen(read(params, "tag")))
    })
  })
)

const noSuchDevice = ({ deviceKey, productKey }: DeviceId): NoSuchDevice =>
  new NoSuchDevice({ detail: `${productKey} has no device ${deviceKey}.` })
