import {
  AuditEntry,
  auditScannedMax,
  pageLengthDefault,
  RegistryApi,
  type StoredAuditEntry,
  Streams
} from "@roost/contracts"
import { lastSequence, NatsConnection, StoredMessages } from "@roost/nats"
import { Effect, Result, Schema } from "effect"
import { HttpApiBuilder } from "effect/http-api"

/** Entries that are read at once, backwards from the newest. */
const readTogether = 100

export interface AuditFilter {
  readonly who?: string | undefined
  readonly operation?: string | undefined
  readonly productKey?: string | undefined
  readonly deviceKey?: string | undefined
  readonly from?: number | undefined
  readonly to?: number | undefined
}

export const AuditHandlers = HttpApiBuilder.group(
  RegistryApi,
  "audit",
  Effect.fnUntraced(function* (handlers) {
    const connection = yield* NatsConnection
    const { at, begin } = yield* StoredMessages
    const name = Streams.audit.name
    return handlers.handleAll({
      listAudit: Effect.fnUntraced(function* ({ query: { cursor, limit = pageLengthDefault, ...filter } }) {
        const last = yield* Effect.orDie(Effect.provideService(lastSequence(name), NatsConnection, connection))
        const { first } = yield* Effect.orDie(begin(name))
        const entries: Array<StoredAuditEntry> = []
        // Exclusive.
        let end = Math.min(cursor === undefined ? last + 1 : Number(cursor), last + 1)
        const scannedTo = Math.max(first, end - auditScannedMax)
        while (end > scannedTo && entries.length < limit) {
          const start = Math.max(scannedTo, end - readTogether)
          const sequences = Array.from({ length: end - start }, (_, i) => end - 1 - i)
          end = start
          for (const { data, sequence } of yield* Effect.orDie(at(name, sequences))) {
            const entry = decode(Buffer.from(data).toString("utf8"))
            if (Result.isFailure(entry) || !matches(entry.success, filter)) continue
            entries.push({ id: String(sequence), ...entry.success })
            if (entries.length < limit) continue
            end = sequence
            break
          }
        }
        return { entries, ...(end > first && { nextCursor: String(end) }) }
      })
    })
  })
)

export const matches = (entry: AuditEntry, filter: AuditFilter): boolean =>
  (filter.who === undefined || filter.who === entry.who.name || filter.who === entry.who.id) &&
  (filter.operation === undefined || filter.operation === entry.operation) &&
  (filter.productKey === undefined || filter.productKey === entry.target["productKey"]) &&
  (filter.deviceKey === undefined || filter.deviceKey === entry.target["deviceKey"]) &&
  (filter.from === undefined || entry.at >= filter.from) &&
  (filter.to === undefined || entry.at < filter.to)

const decode = Schema.decodeUnknownResult(Schema.fromJsonString(AuditEntry))
