import { type DeviceEvent, Presence } from "@roost/contracts"
import { Result, Schema } from "effect"

/**
 * A message of the stream PRESENCE; undefined if it is none. The fields are looked at by hand before the schema: compiled, it took a third
 * of the cost of a handshake's presence.
 */
export const decodePresence = (data: Uint8Array): Presence | undefined => {
  const text = Buffer.from(data.buffer, data.byteOffset, data.length).toString("utf8")
  try {
    const value: unknown = JSON.parse(text)
    if (isPresence(value)) return value
  } catch {
    return undefined
  }
  const decoded = decode(text)
  return Result.isSuccess(decoded) ? decoded.success : undefined
}

/** Accepts nothing that the schema does not; what it does not accept the schema is asked about. */
export const isPresence = (value: unknown): value is Presence => {
  if (typeof value !== "object" || value === null) return false
  const fields = value as { readonly [K in keyof Presence]?: unknown }
  return (
    typeof fields.productKey === "string" &&
    typeof fields.deviceKey === "string" &&
    (fields.state === "online" || fields.state === "offline") &&
    causes.has(fields.cause as string) &&
    Number.isFinite(fields.at) &&
    Number.isFinite(fields.lastSeenAt) &&
    (fields.secureMode === 2 || fields.secureMode === 3) &&
    Number.isSafeInteger(fields.lifetimeSeconds) &&
    typeof fields.address === "string" &&
    typeof fields.suite === "string" &&
    typeof fields.connectionId === "boolean" &&
    (fields.credentialVersion === undefined || Number.isSafeInteger(fields.credentialVersion))
  )
}

/** Online and offline in the words of a device's log. */
export const eventOf = (presence: Presence): DeviceEvent => {
  const { productKey, deviceKey, state, cause, at, address, suite, lifetimeSeconds } = presence
  return {
    productKey,
    deviceKey,
    kind: state,
    at,
    address,
    reason: reasonOf[cause],
    detail: { suite, lifetimeSeconds }
  }
}

const reasonOf: Readonly<Record<Presence["cause"], string>> = {
  handshake: "the device's handshake verified",
  record: "the device was heard of again after its Lifetime had passed",
  lifetime: "nothing was heard of the device for its Lifetime",
  closeNotify: "the device ended its session",
  credential: "the device's credential changed, or it was disabled or deleted"
}

const causes: ReadonlySet<string> = new Set(Object.keys(reasonOf))
const decode = Schema.decodeUnknownResult(Schema.fromJsonString(Presence))
