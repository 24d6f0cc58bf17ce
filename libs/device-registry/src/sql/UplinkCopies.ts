import { isUtf8 } from "node:buffer"
import { deflateRawSync, inflateRawSync } from "node:zlib"
import { trailMax, UplinkHeader, type UplinkMessage } from "@roost/contracts"
import { Effect } from "effect"
import { copiesBytesMax, copyApartMillis, copyBytesMax } from "../Limits.ts"
import type { DeviceId } from "../RegistryStore.ts"
import { inLockOrder } from "./LockOrder.ts"
import type { SqlSession, SqlTransaction, Value } from "./Sql.ts"

/**
 * Copies of uplinks that are far apart. nats-server 2.9 reads 8 MB of its stream for each of those, 10 to 28 ms of CPU. The newest 72 of
 * a device that posts hourly took up to 4 s from a disk. Here they are beside each other. A copy is no more than that: an uplink without
 * one is read from the stream.
 *
 * The column is lines of JSON, one per uplink, the newest last. Of each `packOf` that are loose one line is made, deflated and in base64
 * behind a `~`: a tenth of their bytes.
 */
const packOf = 16
const packMark = "~"
/** Those that come so soon after one that is copied are copied too: a device that wakes up sends what it gathered. */
const burstMillis = 1_000

/** Those of `uplinks` to copy, and when the newest copied one that the next has to be apart from was stored. */
export const toCopy = (
  uplinks: ReadonlyArray<UplinkMessage>,
  copiedAt: number
): { readonly copies: ReadonlyArray<UplinkMessage>; readonly copiedAt: number } => {
  let since = copiedAt
  const copies: Array<UplinkMessage> = []
  for (const uplink of uplinks) {
    const apart = uplink.storedAt - since
    if (apart < 0 || (apart > burstMillis && apart < copyApartMillis)) continue
    if (apart >= copyApartMillis) since = uplink.storedAt
    if (uplink.data.length <= copyBytesMax && isUtf8(uplink.data)) copies.push(uplink)
  }
  return { copies, copiedAt: since }
}

interface CopiesOfDevice extends DeviceId {
  readonly copies: ReadonlyArray<UplinkMessage>
  readonly copiedAt: number
}

/** `devices` in the order of their keys. */
export const addCopies = Effect.fnUntraced(function* (sql: SqlTransaction, devices: ReadonlyArray<CopiesOfDevice>) {
  if (devices.length === 0) return
  const rows = yield* sql.getEach(
    select,
    devices.map(({ deviceKey, productKey }) => [productKey, deviceKey])
  )
  yield* sql.runEach(
    `INSERT INTO device_uplinks (product_key, device_key, copied_at, uplinks) SELECT ?1, ?2, ?3, ?4
     WHERE EXISTS (SELECT 1 FROM devices WHERE product_key = ?1 AND device_key = ?2${sql.forKeyShare})
     ON CONFLICT (product_key, device_key) DO UPDATE SET copied_at = excluded.copied_at, uplinks = excluded.uplinks`,
    devices.map(({ copiedAt, copies, deviceKey, productKey }, index): ReadonlyArray<Value> => [
      productKey,
      deviceKey,
      copiedAt,
      added(String(rows[index]?.["uplinks"] ?? ""), copies)
    ])
  )
})

/** Of devices that have said nothing for as long as the stream goes back: 64 of them, in the order in which all lock them. */
export const forgetCopies = Effect.fnUntraced(function* (sql: SqlTransaction, before: number) {
  yield* sql.enter("points")
  const rows = yield* sql.all(
    "SELECT product_key, device_key FROM device_uplinks WHERE copied_at < ?1 ORDER BY copied_at LIMIT 64",
    before
  )
  const ids = rows.map((row) => ({ productKey: String(row["product_key"]), deviceKey: String(row["device_key"]) }))
  yield* sql.runEach(
    "DELETE FROM device_uplinks WHERE product_key = ?1 AND device_key = ?2",
    inLockOrder(ids).map(({ deviceKey, productKey }) => [productKey, deviceKey])
  )
  return ids.length > 0
})

/** In the order of their sequences. */
export const readCopies = (sql: SqlSession, { deviceKey, productKey }: DeviceId) =>
  Effect.map(sql.get(select, productKey, deviceKey), (row) => copiesOf(String(row?.["uplinks"] ?? "")))

const select = "SELECT uplinks FROM device_uplinks WHERE product_key = ?1 AND device_key = ?2"

const added = (text: string, copies: ReadonlyArray<UplinkMessage>): string => {
  const lines = [...linesOf(text), ...copies.map(lineOf)]
  for (let loose = lines.findIndex(isLoose); lines.length - loose > packOf; loose++) {
    lines.splice(loose, packOf, packed(lines.slice(loose, loose + packOf)))
  }
  let bytes = lines.reduce((sum, line) => sum + line.length + 1, 0)
  const packsMax = trailMax / packOf
  while (lines.filter((line) => !isLoose(line)).length > packsMax || bytes > copiesBytesMax) {
    bytes -= lines.shift()!.length + 1
  }
  return lines.join("\n")
}

const copiesOf = (text: string): ReadonlyArray<UplinkMessage> => {
  const found = new Map<number, UplinkMessage>()
  for (const line of linesOf(text).flatMap((line) => (isLoose(line) ? [line] : unpacked(line)))) {
    const copy = copyOf(line)
    found.set(copy.sequence, copy)
  }
  return [...found.values()].toSorted((a, b) => a.sequence - b.sequence)
}

const linesOf = (text: string): ReadonlyArray<string> => (text === "" ? [] : text.split("\n"))
const isLoose = (line: string): boolean => !line.startsWith(packMark)
const packed = (lines: ReadonlyArray<string>): string => packMark + deflateRawSync(lines.join("\n")).toString("base64")
const unpacked = (line: string): ReadonlyArray<string> =>
  linesOf(inflateRawSync(Buffer.from(line.slice(packMark.length), "base64")).toString())

const headers = [UplinkHeader.time, UplinkHeader.topic, UplinkHeader.method] as const

const lineOf = ({ data, header, sequence, storedAt }: UplinkMessage): string =>
  JSON.stringify([sequence, storedAt, Buffer.from(data).toString(), ...headers.map(header)])

const copyOf = (line: string): UplinkMessage => {
  const [sequence, storedAt, data, ...values] = JSON.parse(line) as [number, number, string, ...Array<string>]
  return {
    sequence,
    storedAt,
    data: Buffer.from(data),
    header: (name) => values[headers.findIndex((header) => header === name)] ?? ""
  }
}
