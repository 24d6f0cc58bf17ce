import { DeviceAnswer, DeviceAsk, placeOf, Subjects } from "@roost/contracts"
import { NatsConnection, requestRpc } from "@roost/nats"
import { Context, Effect, Layer } from "effect"
import type { DeviceId } from "./RegistryStore.ts"

/** An operator waits for this; the stored state is the answer when no actor gives one. */
const askMillisMax = 500

/** The actor's present knowledge of the device; undefined if no actor answers in time. */
export class LiveStatus extends Context.Service<
  LiveStatus,
  { readonly ask: (id: DeviceId) => Effect.Effect<DeviceAnswer | undefined> }
>()("@roost/device-registry/LiveStatus") {
  static readonly layer = Layer.effect(
    LiveStatus,
    Effect.map(NatsConnection, (connection) =>
      LiveStatus.of({
        ask: ({ productKey, deviceKey }) =>
          requestRpc(
            {
              subject: Subjects.device(placeOf(productKey, deviceKey).partition),
              request: DeviceAsk,
              response: DeviceAnswer
            },
            { productKey, deviceKey, ask: "status" },
            askMillisMax
          ).pipe(
            Effect.provideService(NatsConnection, connection),
            Effect.catch(() => Effect.undefined)
          )
      })
    )
  )

  /** Nobody to ask: what is stored is all there is. */
  static readonly layerNone = Layer.succeed(LiveStatus, LiveStatus.of({ ask: () => Effect.undefined }))
}
