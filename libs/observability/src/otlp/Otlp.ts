import { identity } from "../Identity.ts"
import { version } from "../ProcessMetrics.ts"

// OTLP's JSON: enums as numbers, 64-bit numbers as text, ids in hexadecimal, no number that JSON has not.

/** The process that spans and metrics are of. */
export interface Resource {
  readonly service: string
  readonly node: string
  readonly version: string
}

/** This process, as the app `service`. */
export const resourceOf = (service: string): Resource => ({ service, node: identity.node, version })

export const resourceJson = ({ node, service, version }: Resource) => ({
  attributes: attributesJson({
    "service.name": service,
    "service.namespace": "roost",
    "service.instance.id": node,
    "service.version": version
  })
})

export const scopeJson = ({ version }: Resource) => ({ name: "roost", version })

export const attributesJson = (attributes: Readonly<Record<string, string | number>>) =>
  Object.entries(attributes).map(([key, value]) => ({
    key,
    value:
      typeof value === "string"
        ? { stringValue: value.slice(0, valueLengthMax) }
        : Number.isInteger(value)
          ? { intValue: String(value) }
          : { doubleValue: doubleJson(value) }
  }))

/** protobuf's JSON has names for what JSON has no number for. */
export const doubleJson = (value: number): number | string => (Number.isFinite(value) ? value : String(value))

/** Nanoseconds are more than a number holds exactly. */
export const nanosJson = (millis: number): string => {
  const whole = Math.floor(millis)
  return String(BigInt(whole) * 1_000_000n + BigInt(Math.round((millis - whole) * 1e6)))
}

const valueLengthMax = 256
