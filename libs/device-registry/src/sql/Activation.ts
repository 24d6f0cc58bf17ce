import { Effect } from "effect"
import {
  activationsPerDeviceMax,
  activationsPerDeviceMillis,
  activationsPerProductMax,
  activationsPerProductMillis
} from "../Limits.ts"
import type { DeviceId, IssueOutcome, SealedSecret } from "../RegistryStore.ts"
import { findDevice, nextVersion, tell } from "./Devices.ts"
import type { SqlTransaction } from "./Sql.ts"

/** A secret for a device that was never activated; a request that was answered before gets the same again, uncounted. */
export const issueSecret = Effect.fnUntraced(function* (
  sql: SqlTransaction,
  { productKey, deviceKey }: DeviceId,
  secret: SealedSecret,
  activationRequest: string,
  now: number
) {
  const id = { productKey, deviceKey }
  const device = yield* findDevice(sql, id, sql.forUpdate)
  if (device === undefined || device.activatedAt !== null) return closed
  if (device.activationRequest === activationRequest) return { _tag: "Issued", device } satisfies IssueOutcome
  if (!(yield* admit(sql, id, now))) return limited
  const version = nextVersion(device, now)
  yield* sql.run(
    `UPDATE devices SET secret = ?3, secret_key_id = ?4, activation_request = ?5, credential_version = ?6
     WHERE product_key = ?1 AND device_key = ?2`,
    productKey,
    deviceKey,
    secret.bytes,
    secret.keyId,
    activationRequest,
    version
  )
  yield* tell(sql, { ...id, change: "secret", credentialVersion: version }, now)
  const issued: IssueOutcome = { _tag: "Issued", device: (yield* findDevice(sql, id))! }
  return issued
})

/**
 * New hardware in the device's place: as if it was never activated. Sessions under a version before this one do not
 * activate it again, however late they are heard of.
 */
export const replaceDevice = Effect.fnUntraced(function* (
  sql: SqlTransaction,
  { productKey, deviceKey }: DeviceId,
  secret: SealedSecret,
  now: number
) {
  const id = { productKey, deviceKey }
  const device = yield* findDevice(sql, id, sql.forUpdate)
  if (device === undefined) return undefined
  const version = nextVersion(device, now)
  yield* sql.run(
    `UPDATE devices SET secret = ?3, secret_key_id = ?4, activation_request = NULL, credential_version = ?5,
       activates_from = ?5, activated_at = NULL, online = 0, presence_at = ?6
     WHERE product_key = ?1 AND device_key = ?2`,
    productKey,
    deviceKey,
    secret.bytes,
    secret.keyId,
    version,
    now
  )
  yield* forgetAttempts(sql, id)
  yield* tell(sql, { ...id, change: "secret", credentialVersion: version }, now, {
    kind: "device-replaced",
    reason: "an operator put new hardware in the device's place; the old one's secret and session ended"
  })
  return yield* findDevice(sql, id)
})

export const forgetAttempts = (sql: SqlTransaction, { productKey, deviceKey }: DeviceId) =>
  sql.run("DELETE FROM activation_attempts WHERE product_key = ?1 AND device_key = ?2", productKey, deviceKey)

/** Counts an attempt of the device and its product, or neither. */
const admit = Effect.fnUntraced(function* (sql: SqlTransaction, { productKey, deviceKey }: DeviceId, now: number) {
  const count = (device: string, max: number, millis: number) =>
    sql.run(
      `INSERT INTO activation_attempts (product_key, device_key, since, attempts) VALUES (?1, ?2, ?3, 1)
       ON CONFLICT (product_key, device_key) DO UPDATE SET
         since = CASE WHEN activation_attempts.since <= ?4 THEN excluded.since ELSE activation_attempts.since END,
         attempts = CASE WHEN activation_attempts.since <= ?4 THEN 1 ELSE activation_attempts.attempts + 1 END
       WHERE activation_attempts.since <= ?4 OR activation_attempts.attempts < ?5`,
      productKey,
      device,
      now,
      now - millis,
      max
    )
  if ((yield* count(deviceKey, activationsPerDeviceMax, activationsPerDeviceMillis)) === 0) return false
  if ((yield* count(ofProduct, activationsPerProductMax, activationsPerProductMillis)) === 1) return true
  // Its product's limit must not use up the device's own.
  yield* sql.run(
    "UPDATE activation_attempts SET attempts = attempts - 1 WHERE product_key = ?1 AND device_key = ?2",
    productKey,
    deviceKey
  )
  return false
})

/** No device has an empty key. */
const ofProduct = ""
const closed: IssueOutcome = { _tag: "Closed" }
const limited: IssueOutcome = { _tag: "Limited" }
