import { issuedCommand, type SupportBundle } from "@roost/contracts"
import { explain } from "@roost/explain"
import { version } from "@roost/observability"
import { Effect } from "effect"
import { Recordings } from "../recordings/Recordings.ts"
import { shownEntry } from "../recordings/ShownMessage.ts"
import { Registry } from "../Registry.ts"
import { type DeviceId, RegistryStore } from "../RegistryStore.ts"
import { Strangers } from "../Strangers.ts"
import { DeviceCommands } from "./DeviceCommands.ts"
import { makeEvidence } from "./DeviceEvidence.ts"

/** Recordings of the device that go with it, the newest ones. */
const recordingsShownMax = 3
const eventsMax = 200
const strangersMax = 200

/** Everything about one device that whoever helps asks for. A part that is not there, or does not answer, is left out. */
export const makeSupportBundles = Effect.gen(function* () {
  const registry = yield* Registry
  const store = yield* RegistryStore
  const strangers = yield* Strangers
  const commands = yield* DeviceCommands
  const recordings = yield* Recordings
  const evidence = yield* makeEvidence

  const recorded = Effect.fnUntraced(function* (id: DeviceId) {
    const own = (yield* recordings.list).filter(
      ({ deviceKey, productKey }) => deviceKey === id.deviceKey && productKey === id.productKey
    )
    return yield* Effect.forEach(own.slice(0, recordingsShownMax), (recording) =>
      Effect.map(
        Effect.orElseSucceed(recordings.entries(recording.id), () => []),
        (entries) => ({ recording, entries: entries.map(shownEntry) })
      )
    )
  })

  return Effect.fn("Support.bundle")(function* (id: DeviceId) {
    const found = yield* evidence.ofDevice(id)
    const device = yield* Effect.orElseSucceed(registry.device(id), () => undefined)
    const product = yield* Effect.orElseSucceed(registry.product(id.productKey), () => undefined)
    const { productSecret: _, ...shownProduct } = product ?? { productSecret: "" }
    const bundle: SupportBundle = {
      at: found.now,
      version,
      why: explain(found),
      ...(device !== undefined && { device }),
      ...("productKey" in shownProduct && { product: shownProduct }),
      attributes: Object.fromEntries((yield* store.properties(id, "attribute")) ?? []),
      tags: Object.fromEntries((yield* store.properties(id, "tag")) ?? []),
      measurepoints: yield* Effect.orElseSucceed(registry.latestValues(id, undefined), () => ({})),
      events: yield* Effect.orElseSucceed(registry.events(id, { limit: eventsMax }), () => []),
      strangers: strangers.list({
        address: undefined,
        identity: `${id.productKey},${id.deviceKey}`,
        limit: strangersMax
      }),
      commands: (yield* commands.of(id)).map(issuedCommand),
      recordings: yield* recorded(id)
    }
    return bundle
  })
})
