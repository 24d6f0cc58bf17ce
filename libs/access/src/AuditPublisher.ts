import { Subjects } from "@roost/contracts"
import { AuditLog } from "@roost/http"
import { EventPublisher } from "@roost/nats"
import { Effect, Layer } from "effect"

/**
 * Stores entries in the stream AUDIT, `roost.audit.{app}`. The answer does not wait for the stream: an entry is tried until it is stored.
 * One that there is no room for in memory is in the log.
 */
export const layerAuditLog = (app: string): Layer.Layer<AuditLog, never, EventPublisher> =>
  Layer.effect(
    AuditLog,
    Effect.map(EventPublisher, ({ publish }) =>
      AuditLog.of({
        write: (entry) =>
          Effect.suspend(() =>
            publish("event", Subjects.audit(app), entry)
              ? Effect.void
              : Effect.logError(`not stored in the stream AUDIT: ${JSON.stringify(entry)}`)
          )
      })
    )
  )
