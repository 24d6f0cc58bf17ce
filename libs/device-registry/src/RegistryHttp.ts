import {
  CurrentCaller,
  deviceFixed,
  isGranted,
  type LoggedEvent,
  pageLengthDefault,
  type ProductEvent,
  productFixed,
  RegistryApi,
  secretRoles
} from "@roost/contracts"
import { grantedOf, noteBefore, requireUnchanged } from "@roost/http"
import { Effect, Layer } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { importDevices } from "./DeviceImport.ts"
import { ModelHandlers } from "./ModelsHttp.ts"
import { FleetHandlers } from "./fleet/FleetHttp.ts"
import { eventPage, eventQueryOf } from "./EventPage.ts"
import { pageOf } from "./Page.ts"
import { PointHandlers } from "./PointsHttp.ts"
import { PropertyHandlers } from "./PropertiesHttp.ts"
import { RecordingHandlers } from "./recordings/RecordingsHttp.ts"
import { Registry } from "./Registry.ts"
import { ScriptHandlers } from "./ScriptsHttp.ts"
import { StrangerHandlers } from "./StrangersHttp.ts"
import { WhyHandlers } from "./why/WhyHttp.ts"

const ProductHandlers = HttpApiBuilder.group(
  RegistryApi,
  "products",
  Effect.fnUntraced(function* (handlers) {
    const registry = yield* Registry
    return handlers.handleAll({
      createProduct: ({ payload }) => registry.createProduct(payload),
      getProduct: Effect.fnUntraced(function* ({ params: { productKey } }) {
        const { productSecret, ...product } = yield* registry.product(productKey)
        const caller = yield* CurrentCaller
        const shown = caller !== undefined && isGranted(caller.principal, secretRoles, productKey)
        return shown ? { ...product, productSecret } : product
      }),
      deleteProduct: ({ params, query: { force = false } }) =>
        Effect.map(
          Effect.andThen(
            noteBefore(registry.product(params.productKey)),
            registry.deleteProduct(params.productKey, force)
          ),
          (outcome) => (outcome === "Deleted" ? undefined : outcome)
        ),
      changeProduct: ({ params: { productKey }, payload }) =>
        Effect.andThen(
          Effect.andThen(
            noteBefore(registry.product(productKey)),
            requireUnchanged(payload, productFixed, registry.product(productKey))
          ),
          registry.changeProduct(productKey, payload)
        ),
      listProductEvents: Effect.fnUntraced(function* ({ params, query }) {
        const page = eventPage(yield* registry.productEvents(params.productKey, eventQueryOf(query)), query.limit)
        return { ...page, events: page.events.map(ofProduct) }
      }),
      rotateProductSecret: ({ params, payload }) => registry.rotateProductSecret(params.productKey, payload),
      listProducts: Effect.fnUntraced(function* ({ query: { cursor, limit = pageLengthDefault } }) {
        const found = yield* registry.products(cursor, limit + 1)
        const { items, nextCursor } = pageOf(limit, found, (product) => product.productKey)
        return { products: yield* grantedOf(items), ...nextCursor }
      })
    })
  })
)

const ofProduct = ({ at, code, detail, id, kind, link, productKey, reason }: LoggedEvent): ProductEvent => ({
  productKey,
  kind,
  ...(code !== undefined && { code }),
  ...(link !== undefined && { link }),
  at,
  reason,
  ...(detail && { detail }),
  id
})

const DeviceHandlers = HttpApiBuilder.group(
  RegistryApi,
  "devices",
  Effect.fnUntraced(function* (handlers) {
    const registry = yield* Registry
    return handlers.handleAll({
      createDevice: ({ params, payload }) => registry.createDevice(params.productKey, payload),
      importDevices: ({ params: { productKey }, payload }) =>
        Effect.as(registry.requireProduct(productKey), importDevices(registry, productKey, payload)),
      listDevices: Effect.fnUntraced(function* ({ params, query: { cursor, limit = pageLengthDefault, status } }) {
        const found = yield* registry.devices(params.productKey, { status, after: cursor, limit: limit + 1 })
        const { items, nextCursor } = pageOf(limit, found, (device) => device.deviceKey)
        return { devices: items, ...nextCursor }
      }),
      getDevice: ({ params }) => registry.device(params),
      changeDevice: ({ params, payload }) =>
        noteBefore(registry.device(params)).pipe(
          Effect.andThen(requireUnchanged(payload, deviceFixed, registry.device(params))),
          Effect.andThen(registry.changeDevice(params, payload))
        ),
      deleteDevice: ({ params }) => Effect.andThen(noteBefore(registry.device(params)), registry.deleteDevice(params)),
      enableDevice: ({ params }) =>
        Effect.andThen(noteBefore(registry.device(params)), registry.setEnabled(params, true)),
      disableDevice: ({ params }) =>
        Effect.andThen(noteBefore(registry.device(params)), registry.setEnabled(params, false)),
      rotateSecret: ({ params, payload }) => registry.rotateSecret(params, payload.deviceSecret),
      replaceDevice: ({ params, payload }) => registry.replaceDevice(params, payload.deviceSecret),
      listEvents: Effect.fnUntraced(function* ({ params, query }) {
        return eventPage(yield* registry.events(params, eventQueryOf(query)), query.limit)
      })
    })
  })
)

/** The handlers of RegistryApi. */
export const RegistryHandlers = Layer.mergeAll(
  ProductHandlers,
  ModelHandlers,
  DeviceHandlers,
  FleetHandlers,
  PropertyHandlers,
  PointHandlers,
  ScriptHandlers,
  StrangerHandlers,
  WhyHandlers,
  RecordingHandlers
)
