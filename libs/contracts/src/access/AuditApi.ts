import { DeviceKey, ProductKey } from "@roost/enos"
import * as Schema from "effect/Schema"
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { cursorOf, describe, limit, nextCursor } from "../http/EndpointParts.ts"
import { eventTimes } from "../registry/EventQuery.ts"
import { allow } from "./AccessRule.ts"
import { Principal } from "./Principal.ts"

/** Bytes of JSON that an entry has of what was before, and as many of what is after. */
export const auditedBytesMax = 8 * 1024
/** Entries that one request looks at; it says where to go on. */
export const auditScannedMax = 2_000

/** Stream AUDIT, `roost.audit.{app}`: a change that somebody made by an API. */
export const AuditEntry = Schema.Struct({
  at: Schema.Finite.annotate({ description: "Milliseconds since 1970." }),
  who: Schema.Struct({ kind: Principal.fields.kind, id: Schema.String, name: Schema.String }),
  from: Schema.String.annotate({
    description: "IP address as the service saw it, that of a proxy where there is one."
  }),
  operation: Schema.String.annotate({
    description:
      "`operationId` of the specification, `signIn`, `signInRefused`, `signOut`, `lockedOut`, or `enos:` and the call of EnOS's API."
  }),
  target: Schema.Record(Schema.String, Schema.String).annotate({
    description: "What it was done to, by the names in its address."
  }),
  before: Schema.optionalKey(Schema.Unknown.annotate({ description: "What it changed, without secrets." })),
  after: Schema.optionalKey(Schema.Unknown.annotate({ description: "What became of it, without secrets." }))
}).annotate({ identifier: "AuditEntry" })
export type AuditEntry = typeof AuditEntry.Type

const StoredAuditEntry = Schema.Struct({ id: Schema.String, ...AuditEntry.fields }).annotate({
  identifier: "StoredAuditEntry"
})
export type StoredAuditEntry = typeof StoredAuditEntry.Type

export const Audit = HttpApiGroup.make("audit")
  .add(
    HttpApiEndpoint.get("listAudit", "/v1/audit", {
      query: {
        who: Schema.optionalKey(Schema.String.annotate({ description: "Of who has this name or id." })),
        operation: Schema.optionalKey(Schema.String.annotate({ description: "Of this operation." })),
        productKey: Schema.optionalKey(ProductKey.annotate({ description: "Of this product and its devices." })),
        deviceKey: Schema.optionalKey(DeviceKey.annotate({ description: "Of devices of this key." })),
        ...eventTimes,
        cursor: cursorOf(
          Schema.String.check(Schema.isPattern(/^[0-9]{1,16}$/u, { message: "expected the nextCursor of a page" }))
        ),
        limit
      },
      success: Schema.Struct({ entries: Schema.Array(StoredAuditEntry), nextCursor })
    })
      .annotateMerge(
        describe(
          "Who changed what, newest first",
          `One entry for each change by an API, without secrets. A page that found little has a \`nextCursor\` all the same, ` +
            `since a request looks at ${auditScannedMax} entries at most.`
        )
      )
      .annotateMerge(allow([], "none"))
  )
  .annotateMerge(OpenApi.annotations({ title: "Audit", description: "Who changed what, when, and from where." }))
