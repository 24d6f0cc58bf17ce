import type { NoSuchDevice, NoSuchProduct } from "@roost/contracts"
import { Context, type Effect } from "effect"

/** The registered products and devices: a new sink names nothing else. The registry's own service is one. */
export class KnownDevices extends Context.Service<
  KnownDevices,
  {
    readonly requireProduct: (productKey: string) => Effect.Effect<void, NoSuchProduct>
    readonly requireDevice: (id: {
      readonly productKey: string
      readonly deviceKey: string
    }) => Effect.Effect<unknown, NoSuchDevice>
  }
>()("@roost/event-sinks/KnownDevices") {}
