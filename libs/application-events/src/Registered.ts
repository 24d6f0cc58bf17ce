import type { NoSuchDevice, NoSuchProduct, UplinkMessage } from "@roost/contracts"
import { Context, type Effect } from "effect"

/** The registered products and devices: a webhook names nothing else. The registry's own service is one. */
export class Registered extends Context.Service<
  Registered,
  {
    readonly requireProduct: (productKey: string) => Effect.Effect<void, NoSuchProduct>
    readonly requireDevice: (id: {
      readonly productKey: string
      readonly deviceKey: string
    }) => Effect.Effect<{ readonly createdAt: number }, NoSuchDevice>
    /** Those of a device's newest uplinks that the registry has too, in the order of their sequences. */
    readonly copies: (id: {
      readonly productKey: string
      readonly deviceKey: string
    }) => Effect.Effect<ReadonlyArray<UplinkMessage>>
    /** Sequences of a device's newest uplinks in the stream UPLINK, as far as they are known, oldest first. */
    readonly trail: (id: {
      readonly productKey: string
      readonly deviceKey: string
    }) => Effect.Effect<ReadonlyArray<number>>
  }
>()("@roost/application-events/Registered") {}
