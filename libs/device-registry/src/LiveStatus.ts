import type { DeviceAnswer } from "@roost/contracts"
import { Context, Effect, Layer } from "effect"
import type { DeviceId } from "./RegistryStore.ts"

/** What the device's actor knows now; undefined if no actor answers in time. */
export class LiveStatus extends Context.Service<
  LiveStatus,
  { readonly ask: (id: DeviceId) => Effect.Effect<DeviceAnswer | undefined> }
>()("@roost/device-registry/LiveStatus") {
  /** Nobody to ask: what is stored is all there is. */
  static readonly layerNone = Layer.succeed(LiveStatus, LiveStatus.of({ ask: () => Effect.undefined }))
}
