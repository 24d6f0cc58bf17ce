import {
  CloseNotifyMode,
  DataFormat,
  DeviceEvent,
  DeviceStatus,
  DownlinkMode,
  type LoggedEvent
} from "@roost/contracts"
import { codeAndLink, isRefusalCode } from "@roost/explain"
import * as Schema from "effect/Schema"
import type { StoredDevice, StoredProduct } from "../RegistryStore.ts"
import type { Row } from "./Values.ts"

export const productColumns =
  "product_key, product_name, secret, secret_key_id, data_format, dynamic_activate_enabled, downlink, created_at, " +
  "secret_version, previous_secret, previous_secret_key_id, previous_secret_version, previous_secret_until, model_id, " +
  "piggyback_millis, close_notify, deleting_since, " +
  "(SELECT version FROM thing_models WHERE thing_models.model_id = products.model_id) AS model_version"

export const productOf = (row: Row): StoredProduct => ({
  productKey: text(row.product_key),
  productName: text(row.product_name),
  secret: { keyId: text(row.secret_key_id), bytes: row.secret as Uint8Array },
  dataFormat: asDataFormat(row.data_format),
  dynamicActivateEnabled: row.dynamic_activate_enabled === 1,
  downlink: asDownlinkMode(row.downlink),
  piggybackMillis: Number(row.piggyback_millis),
  closeNotify: asCloseNotifyMode(row.close_notify),
  createdAt: Number(row.created_at),
  ...(row.model_id === null ? {} : { modelId: text(row.model_id) }),
  deletingSince: numberOrNull(row.deleting_since),
  modelVersion: numberOrNull(row.model_version),
  secretVersion: Number(row.secret_version),
  previous:
    row.previous_secret === null
      ? null
      : {
          secret: { keyId: text(row.previous_secret_key_id), bytes: row.previous_secret as Uint8Array },
          version: Number(row.previous_secret_version),
          until: Number(row.previous_secret_until)
        }
})

export const deviceColumns =
  "product_key, device_key, asset_id, device_name, secret, secret_key_id, credential_version, activation_request, " +
  "status, created_at, activated_at, last_seen_at, last_online_at, last_offline_at, lifetime_seconds, address, suite"

export const deviceOf = (row: Row): StoredDevice => ({
  productKey: text(row.product_key),
  deviceKey: text(row.device_key),
  assetId: text(row.asset_id),
  deviceName: text(row.device_name),
  secret: { keyId: text(row.secret_key_id), bytes: row.secret as Uint8Array },
  credentialVersion: Number(row.credential_version),
  activationRequest: textOrNull(row.activation_request),
  status: asStatus(row.status),
  createdAt: Number(row.created_at),
  activatedAt: numberOrNull(row.activated_at),
  lastSeenAt: numberOrNull(row.last_seen_at),
  lastOnlineAt: numberOrNull(row.last_online_at),
  lastOfflineAt: numberOrNull(row.last_offline_at),
  lifetimeSeconds: numberOrNull(row.lifetime_seconds),
  address: textOrNull(row.address),
  suite: textOrNull(row.suite)
})

export const eventOf = (row: Row): LoggedEvent => ({
  id: Number(row.id),
  productKey: text(row.product_key),
  deviceKey: text(row.device_key),
  kind: text(row.kind),
  ...explainedBy(textOrNull(row.code)),
  at: Number(row.at),
  address: text(row.address),
  reason: text(row.reason),
  ...(row.detail === null ? {} : { detail: asDetail(JSON.parse(text(row.detail))) })
})

/** A code of a newer version has no entry here. */
const explainedBy = (code: string | null) => {
  if (code === null) return undefined
  return isRefusalCode(code) ? codeAndLink(code) : { code }
}

const text = (value: Row[string] | undefined): string => String(value)
const textOrNull = (value: Row[string] | undefined): string | null => (value === null ? null : String(value))
const numberOrNull = (value: Row[string] | undefined): number | null => (value === null ? null : Number(value))

const asDataFormat = Schema.decodeUnknownSync(DataFormat)
const asCloseNotifyMode = Schema.decodeUnknownSync(CloseNotifyMode)
const asDownlinkMode = Schema.decodeUnknownSync(DownlinkMode)
const asStatus = Schema.decodeUnknownSync(DeviceStatus)
const asDetail = Schema.decodeUnknownSync(DeviceEvent.fields.detail.schema)
