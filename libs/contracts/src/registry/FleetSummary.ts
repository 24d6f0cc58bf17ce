import { ProductKey } from "@roost/enos"
import * as Schema from "effect/Schema"
import { DeviceStatus } from "../Registry.ts"
import { CommandState } from "../downlink/Command.ts"
import { DisplayName } from "./Product.ts"

/** Products that a summary counts the devices of by themselves: those with most devices. */
export const summaryProductsMax = 200

const Count = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))
const PerSecond = Schema.Finite.annotate({ description: "Of all processes together, over the last seconds." })

/** How many devices are in each state; all states are named. */
const DevicesByStatus = Schema.Struct(
  Object.fromEntries(DeviceStatus.literals.map((status) => [status, Count])) as Record<DeviceStatus, typeof Count>
).annotate({ identifier: "DevicesByStatus" })

export const FleetSummary = Schema.Struct({
  at: Schema.Finite.annotate({ description: "Milliseconds since 1970." }),
  devices: Schema.Struct({
    countedAt: Schema.Finite.annotate({ description: "Milliseconds since 1970." }),
    total: Count,
    byStatus: DevicesByStatus,
    byProduct: Schema.Array(
      Schema.Struct({
        productKey: ProductKey,
        productName: DisplayName,
        total: Count,
        byStatus: DevicesByStatus
      }).annotate({ identifier: "DevicesOfProduct" })
    ).annotate({ description: `Most devices first, ${summaryProductsMax} products at most.` })
  }).annotate({ identifier: "DeviceCounts" }),
  rates: Schema.Struct({
    uplinksPerSecond: PerSecond,
    handshakesPerSecond: PerSecond,
    resumptionsPerSecond: PerSecond,
    requestsPerSecond: PerSecond,
    commandsPerSecond: PerSecond.annotate({ description: "Commands that applications issued." })
  }).annotate({ identifier: "FleetRates" }),
  refusals: Schema.Array(
    Schema.Struct({
      code: Schema.String.annotate({ description: "What was refused and why, such as `request.4.03`." }),
      app: Schema.String.annotate({ description: "The service that refused." }),
      count: Schema.Finite.annotate({ description: "Since its processes started." }),
      perSecond: PerSecond
    }).annotate({ identifier: "RefusalCount" })
  ).annotate({ description: "Most per second first, then most in all." }),
  commands: Schema.Struct({
    byState: Schema.Record(CommandState, Count).annotate({
      description:
        "`created` and `sent` are those that wait now; the others ended in that state since the downlink-queue processes started."
    })
  }).annotate({ identifier: "CommandCounts" })
}).annotate({ identifier: "FleetSummary" })
export type FleetSummary = typeof FleetSummary.Type
