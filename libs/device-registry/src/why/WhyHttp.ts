import { RegistryApi } from "@roost/contracts"
import { explain } from "@roost/explain"
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { makeEvidence } from "./DeviceEvidence.ts"
import { makeSupportBundles } from "./SupportBundles.ts"

export const WhyHandlers = HttpApiBuilder.group(
  RegistryApi,
  "why",
  Effect.fnUntraced(function* (handlers) {
    const evidence = yield* makeEvidence
    const supportBundle = yield* makeSupportBundles
    return handlers.handleAll({
      whyDevice: ({ params }) => Effect.map(evidence.ofDevice(params), explain),
      supportBundle: ({ params }) => supportBundle(params),
      whyAddress: ({ query }) => Effect.map(evidence.ofAddress(query.address), explain)
    })
  })
)
