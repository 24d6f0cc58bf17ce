import * as Schema from "effect/Schema"
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { allow, everyRole } from "../access/AccessRule.ts"
import { cursorOf, describe, limit, nextCursor } from "../http/EndpointParts.ts"
import { TemporarilyUnavailable } from "../http/RequestProblems.ts"
import { Cluster } from "./Cluster.ts"
import { DeviceCursorText, deviceQuery, DeviceSummary, Total } from "./DeviceSearch.ts"
import { FleetSummary } from "./FleetSummary.ts"

export const Fleet = HttpApiGroup.make("fleet")
  .add(
    HttpApiEndpoint.get("searchDevices", "/v1/devices", {
      query: { ...deviceQuery, cursor: cursorOf(DeviceCursorText), limit },
      success: Schema.Struct({ devices: Schema.Array(DeviceSummary), nextCursor, total: Total }),
      error: TemporarilyUnavailable
    })
      .annotateMerge(
        describe(
          "Find devices of all products",
          "By a part of their key, name or tags, and by what else the query says; every condition has to be met. A product that does not " +
            "exist has no devices. States are as the registry stores them, about a second behind the devices' actors."
        )
      )
      .annotateMerge(allow(everyRole, "query")),
    HttpApiEndpoint.get("getSummary", "/v1/summary", { success: FleetSummary })
      .annotateMerge(
        describe(
          "How the fleet does: devices by state, rates, refusals, commands",
          "Devices as the registry stores them, counted anew some seconds apart. Rates and refusals are of all processes that were heard of in " +
            "the last seconds, as they tell them once a second."
        )
      )
      .annotateMerge(allow(everyRole, "fleet")),
    HttpApiEndpoint.get("getCluster", "/v1/cluster", { success: Cluster })
      .annotateMerge(
        describe(
          "How Roost itself does: processes, partitions, streams, nats-servers",
          "`problems` has in words what is wrong, worst first; empty when all is well."
        )
      )
      .annotateMerge(allow(everyRole, "none"))
  )
  .annotateMerge(
    OpenApi.annotations({
      title: "Fleet",
      description: "All devices, whatever their product, and what serves them."
    })
  )
