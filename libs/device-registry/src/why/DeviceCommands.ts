import { type Command, downlinkRpc } from "@roost/contracts"
import { NatsConnection, requestRpc } from "@roost/nats"
import { Context, Effect, Layer } from "effect"
import type { DeviceId } from "../RegistryStore.ts"

/** Commands of a device that are looked at, the newest ones. */
const commandsMax = 50
/** The person who asks why waits for this; without it the other causes are named all the same. */
const answerMillisMax = 2_000

/** The commands of a device, as downlink-queue has them; none where that does not answer. */
export class DeviceCommands extends Context.Service<
  DeviceCommands,
  { readonly of: (id: DeviceId) => Effect.Effect<ReadonlyArray<Command>> }
>()("@roost/device-registry/DeviceCommands") {
  static readonly layer: Layer.Layer<DeviceCommands, never, NatsConnection> = Layer.effect(
    DeviceCommands,
    Effect.map(NatsConnection, (connection) =>
      DeviceCommands.of({
        of: ({ deviceKey, productKey }) =>
          requestRpc(downlinkRpc, { _tag: "List", productKey, deviceKey, limit: commandsMax }, answerMillisMax).pipe(
            Effect.map((answer) => (answer._tag === "Answered" ? answer.commands : [])),
            Effect.provideService(NatsConnection, connection),
            Effect.orElseSucceed(() => [])
          )
      })
    )
  )

  /** Nobody to ask. */
  static readonly layerNone = Layer.succeed(DeviceCommands, DeviceCommands.of({ of: () => Effect.succeed([]) }))
}
