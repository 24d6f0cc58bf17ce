import type { DeviceEvent, EventQuery, Presence } from "@roost/contracts"
import { storable } from "@roost/enos"
import { Effect } from "effect"
import { eventMillisMax, eventsPerDeviceMax, strangerEventsMax } from "../Limits.ts"
import type { DeviceId } from "../RegistryStore.ts"
import { inLockOrder } from "./LockOrder.ts"
import { eventOf } from "./Rows.ts"
import type { SqlSession, SqlTransaction, Value } from "./Sql.ts"

/**
 * Instances share the stream, so an older message may be filed after a newer one. The state is the newest message's,
 * while times and the activation are taken from each. 0 for each whose device is gone, also where another one has its key.
 */
export const applyPresence = Effect.fnUntraced(function* (sql: SqlTransaction, presences: ReadonlyArray<Presence>) {
  yield* sql.enter("presence")
  const newer = "presence_at IS NULL OR presence_at <= ?3"
  const state = (column: string, value: string) => `${column} = CASE WHEN ${newer} THEN ${value} ELSE ${column} END`
  const latest = (column: string, value: string) =>
    `${column} = CASE WHEN ${value} > COALESCE(${column}, 0) THEN ${value} ELSE ${column} END`
  const ordered = inLockOrder(presences)
  const applied = yield* sql.runEach(
    `UPDATE devices SET ${state("online", "?4")}, ${state("presence_at", "?3")}, ${state("last_seen_at", "?5")},
       ${state("lifetime_seconds", "?6")}, ${state("address", "?7")}, ${state("suite", "?8")},
       ${latest("last_online_at", "?9")}, ${latest("last_offline_at", "?10")},
       activated_at = CASE WHEN activated_at IS NULL AND CAST(?12 AS BIGINT) >= activates_from
         THEN CAST(?11 AS BIGINT) ELSE activated_at END
     WHERE product_key = ?1 AND device_key = ?2 AND (CAST(?13 AS BIGINT) IS NULL OR CAST(?13 AS BIGINT) >= created_at)`,
    ordered.map(presenceValues)
  )
  const counts = new Map(ordered.map((presence, index) => [presence, applied[index]!]))
  return presences.map((presence) => counts.get(presence)!)
})

const presenceValues = (presence: Presence): ReadonlyArray<Value> => {
  const { at, lastSeenAt, lifetimeSeconds, address, suite, productKey, deviceKey } = presence
  const online = presence.state === "online"
  return [
    productKey,
    deviceKey,
    at,
    online ? 1 : 0,
    lastSeenAt,
    lifetimeSeconds,
    address,
    suite,
    online ? at : null,
    online ? null : at,
    // Only the device's own secret activates it; the product's is for fetching that (contract §7.16).
    online && presence.secureMode === 2 ? at : null,
    // Versions are from the clock: without one, the time tells whether it is the replaced hardware's.
    presence.credentialVersion ?? at,
    // In mode 3 the version is the product's.
    presence.secureMode === 2 ? (presence.credentialVersion ?? null) : null
  ]
}

/** Whether a device is a stranger is known when its presence was applied. */
export const filePresence = Effect.fnUntraced(function* (
  sql: SqlTransaction,
  presences: ReadonlyArray<Presence>,
  events: ReadonlyArray<DeviceEvent>,
  now: number
) {
  yield* sql.enter("events")
  const applied = yield* applyPresence(sql, presences)
  yield* sql.runEach(
    insertEvent("CAST(?9 AS INTEGER)"),
    events.map((event, index) => [...eventValues(event), applied[index] === 0 ? 1 : 0])
  )
  yield* trim(sql, events, now)
})

export const addEvents = Effect.fnUntraced(function* (
  sql: SqlTransaction,
  events: ReadonlyArray<DeviceEvent>,
  now: number
) {
  // Delivered again to another instance while this one files it, an event is still filed once.
  yield* sql.enter("events")
  yield* sql.runEach(insertEvent(isStranger), events.map(eventValues))
  yield* trim(sql, events, now)
})

/** Each batch drops more than it adds, as long as there is something over a bound. */
const trim = Effect.fnUntraced(function* (sql: SqlTransaction, events: ReadonlyArray<DeviceEvent>, now: number) {
  const devices = new Map<string, ReadonlyArray<Value>>()
  for (const { deviceKey, productKey } of events) {
    devices.set(`${productKey},${deviceKey}`, [productKey, deviceKey, eventsPerDeviceMax])
  }
  const values = [...devices.values()]
  // By the index alone: to put a device's events in order for the deletion costs as much as to file one.
  const over = yield* sql.getEach(
    "SELECT 1 AS found FROM device_events WHERE product_key = ?1 AND device_key = ?2 LIMIT 1 OFFSET ?3",
    values
  )
  yield* sql.runEach(
    `DELETE FROM device_events WHERE product_key = ?1 AND device_key = ?2 AND id <= (
       SELECT id FROM device_events WHERE product_key = ?1 AND device_key = ?2 ORDER BY id DESC LIMIT 1 OFFSET ?3)`,
    values.filter((_, index) => over[index] !== undefined)
  )
  yield* sql.run(
    `DELETE FROM device_events WHERE stranger = 1 AND id <= (
       SELECT id FROM device_events WHERE stranger = 1 ORDER BY id DESC LIMIT 1 OFFSET ?1)`,
    strangerEventsMax
  )
  yield* sql.run(
    `DELETE FROM device_events WHERE at < ?1 AND id <= COALESCE(
       (SELECT id FROM device_events ORDER BY id LIMIT 1 OFFSET ?2), ?3)`,
    now - eventMillisMax,
    2 * events.length + 100,
    Number.MAX_SAFE_INTEGER
  )
})

export const addEvent = (sql: SqlSession, event: DeviceEvent) => sql.run(insertEvent(isStranger), ...eventValues(event))

/** Of a product as such the device key is empty. */
const isStranger =
  "CASE WHEN ?2 = '' OR EXISTS (SELECT 1 FROM devices WHERE product_key = ?1 AND device_key = ?2) THEN 0 ELSE 1 END"

const insertEvent = (
  stranger: string
) => `INSERT INTO device_events (product_key, device_key, stranger, kind, at, address, reason, detail, code)
  SELECT ?1, ?2, ${stranger}, ?3, ?4, ?5, ?6, ?7, ?8
  WHERE NOT EXISTS (SELECT 1 FROM device_events
    WHERE product_key = ?1 AND device_key = ?2 AND at = ?4 AND kind = ?3 AND reason = ?6)`

const eventValues = (event: DeviceEvent): ReadonlyArray<Value> => {
  const { productKey, deviceKey, kind, at, address, reason, detail, code } = event
  // A reason quotes what a device or a stranger sent.
  const texts = [productKey, deviceKey, kind, at, address, reason].map((text) =>
    typeof text === "string" ? storable(text) : text
  )
  return [...texts, detail === undefined ? null : JSON.stringify(detail), code === undefined ? null : storable(code)]
}

/** By the time at which it happened: streams and nodes overtake each other, so ids are in another order. */
export const listEvents = (
  sql: SqlSession,
  { productKey, deviceKey }: DeviceId,
  { before = { at: Number.MAX_SAFE_INTEGER, id: 0 }, from = 0, kind, limit, to = Number.MAX_SAFE_INTEGER }: EventQuery
) =>
  Effect.map(
    sql.all(
      `SELECT id, product_key, device_key, kind, at, address, reason, detail, code FROM device_events
       WHERE product_key = ?1 AND device_key = ?2 AND (at, id) < (?3, ?4) AND at >= ?5 AND at < ?6
       ${kind === undefined ? "" : "AND kind = ?8"} ORDER BY at DESC, id DESC LIMIT ?7`,
      productKey,
      deviceKey,
      before.at,
      before.id,
      from,
      to,
      limit,
      ...(kind === undefined ? [] : [kind])
    ),
    (rows) => rows.map(eventOf)
  )
