import * as Schema from "effect/Schema"
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { allow, everyRole } from "../access/AccessRule.ts"
import { AddressQuery } from "../http/Texts.ts"
import { Stranger } from "../Stranger.ts"
import { StrangerKind } from "../StrangerKind.ts"
import { cursorOf, describe, limit, nextCursor } from "../http/EndpointParts.ts"
import { EventCursorText, eventTimes } from "./EventQuery.ts"

export const Strangers = HttpApiGroup.make("strangers")
  .add(
    HttpApiEndpoint.get("listStrangers", "/v1/strangers", {
      query: {
        address: Schema.optionalKey(
          AddressQuery.annotate({ description: "Of this IP address, or IP address and port." })
        ),
        identity: Schema.optionalKey(
          Schema.String.annotate({ description: "Whose identity has this text, such as `pk1,dev1`." })
        ),
        kind: Schema.optionalKey(StrangerKind),
        ...eventTimes,
        cursor: cursorOf(EventCursorText),
        limit
      },
      success: Schema.Struct({ strangers: Schema.Array(Stranger), nextCursor })
    })
      .annotateMerge(
        describe(
          "Who was refused without naming a registered device, and why, newest first",
          "Unknown products and devices, identities that can't be read, no common cipher suite, datagrams that edges dropped. A " +
            "node tells at most 20 a second; `not-told` sums up the others. The newest 7 500 are kept, those of the busiest source " +
            "go first."
        )
      )
      .annotateMerge(allow(everyRole, "fleet"))
  )
  .annotateMerge(
    OpenApi.annotations({
      title: "Strangers",
      description: "Who was refused without naming a registered device."
    })
  )
