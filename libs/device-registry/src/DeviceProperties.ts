import type { PropertiesReply, PropertiesRequest } from "@roost/contracts"
import { propertiesPerDeviceMax } from "@roost/contracts"
import { Effect } from "effect"
import { RegistryStore } from "./RegistryStore.ts"

/** Answers a device's question about its attributes or tags (enos-protocol §3.1.6–3.1.11). */
export const answerPropertiesAsk = Effect.fnUntraced(function* (
  request: PropertiesRequest
): Effect.fn.Return<PropertiesReply, never, RegistryStore> {
  const store = yield* RegistryStore
  const { ask, at, deviceKey, kind, productKey } = request
  const id = { productKey, deviceKey }
  if (ask._tag === "Query") {
    const found = yield* store.properties(id, kind, ask.names.length === 0 ? undefined : ask.names)
    if (found === undefined) return { _tag: "UnknownDevice" }
    const names = ask.names.length === 0 ? [...found.keys()] : ask.names.filter((name) => found.has(name))
    return { _tag: "Done", values: Object.fromEntries(names.map((name) => [name, found.get(name)!.value])) }
  }
  const values =
    ask._tag === "Update" ? ask.values : Object.fromEntries(ask.names.map((name) => [name, undefined] as const))
  const outcome = yield* store.changeProperties(id, kind, values, at)
  if (outcome === "TooMany") return { _tag: "TooMany", max: propertiesPerDeviceMax[kind] }
  if (typeof outcome === "object") return outcome
  return outcome === "Done" ? { _tag: "Done", values: {} } : { _tag: "UnknownDevice" }
})
