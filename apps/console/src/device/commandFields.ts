import type { components } from "../../generated/registry.d.ts"
import { parseWritten } from "../api/Numeral.ts"
import type { ThingModel } from "./deviceQueries.ts"

export type DataType = components["schemas"]["DataType"]

/** One value that a form asks for. */
export interface Field {
  readonly id: string
  readonly name: string
  readonly required: boolean
  readonly data: DataType
}

/** Points that a command may set, by the model. */
export const settablePoints = (model: ThingModel): ReadonlyArray<Field> =>
  Object.entries(model.measurepoints).flatMap(([id, { data, name, readOnly }]) =>
    readOnly === true ? [] : [{ id, name: name ?? id, required: true, data }]
  )

export const serviceInputs = (model: ThingModel, service: string): ReadonlyArray<Field> =>
  Object.entries(model.services[service]?.inputData ?? {}).map(([id, { data, name, required }]) => ({
    id,
    name: name ?? id,
    required: required === true,
    data
  }))

/** Fields that tell a device of its new firmware (enos-protocol §3.2.5). */
export const firmwareFields = (names: Readonly<Record<FirmwareField, string>>): ReadonlyArray<Field> =>
  (Object.keys(firmwareTypes) as Array<FirmwareField>).map((id) => ({
    id,
    name: names[id],
    required: true,
    data: firmwareTypes[id]
  }))

const firmwareTypes = {
  version: { dataType: "STRING" },
  fileUrl: { dataType: "STRING" },
  fileSize: { dataType: "INT" },
  sign: { dataType: "STRING" },
  signMethod: { dataType: "ENUM", enumType: "STRING", values: { md5: "MD5", sha256: "SHA-256" } }
} as const satisfies Readonly<Record<string, DataType>>
export type FirmwareField = keyof typeof firmwareTypes
export type Firmware = { readonly [Id in FirmwareField]: Id extends "fileSize" ? number : string }

/** Bytes written in hexadecimal, with or without spaces, colons and `0x`; undefined where it is something else, or nothing. */
export const bytesOfHex = (text: string): Uint8Array<ArrayBuffer> | undefined => {
  const digits = text.replaceAll(/0x|[\s:,]/gi, "")
  if (digits === "" || digits.length % 2 !== 0 || !/^[0-9a-f]*$/i.test(digits)) return undefined
  return Uint8Array.from(digits.match(/../g)!, (pair) => Number.parseInt(pair, 16))
}

/** Numbers as JSON has them (RFC 8259 §6). */
const integer = /^-?(0|[1-9]\d*)$/
const number = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/

/** The value that a text means in the type, or what is expected of it. */
export const fieldValue = (
  data: DataType | undefined,
  text: string
): { readonly value: unknown } | { readonly expected: FieldExpectation } => {
  switch (data?.dataType) {
    case "INT":
    case "TIMESTAMP":
      return integer.test(text.trim()) ? { value: parseWritten(text) } : { expected: "integer" }
    case "FLOAT":
    case "DOUBLE":
      return number.test(text.trim()) ? { value: parseWritten(text) } : { expected: "number" }
    case "BOOL":
      return { value: text === "true" }
    case "ENUM":
      return { value: data.enumType === "INT" ? parseWritten(text) : text }
    case "STRING":
    case "DATE":
    case "FILE":
      return { value: text }
    default:
      try {
        return { value: parseWritten(text) }
      } catch {
        // Without a model a bare word is a text; a list or a struct is JSON or nothing.
        return data === undefined ? { value: text } : { expected: "json" }
      }
  }
}
export type FieldExpectation = "integer" | "number" | "json" | "text" | "hexadecimal"
