import { NewDevice, requestParseOptions } from "@roost/contracts"
import { envelopeDepthMax, findJsonFault, findUnstorable, formatJsonFault, type JsonFault, readJson } from "@roost/enos"
import { requestFaults, spelledOut } from "@roost/http"
import { Result, Schema } from "effect"
import { importLineBytesMax } from "./Limits.ts"
import type { NdjsonLine } from "./Ndjson.ts"

/** The device of a line; its failure says why the line has none, for the one whose file it is. */
export const readImportLine = ({ bytes }: NdjsonLine): Result.Result<NewDevice, string> => {
  if (bytes === undefined) return Result.fail(`expected a line of at most ${importLineBytesMax} bytes`)
  const read = readJson(bytes, envelopeDepthMax)
  if (Result.isFailure(read)) return Result.fail(jsonReason(bytes) ?? `expected ${read.failure.expected}, got deeper`)
  const value = read.success
  if (Array.isArray(value)) return Result.fail(`expected an object, got an array; likely cause: ${anArray}`)
  const at = findUnstorable(value)
  if (at !== undefined) return Result.fail(`expected texts without NUL and lone surrogates, got one at ${at}`)
  return Result.mapError(decodeDevice(value), ({ issue }) => spelledOut(requestFaults([], issue)))
}

const decodeDevice = Schema.decodeUnknownResult(NewDevice, requestParseOptions)

/** The byte at which a line ends to be JSON, and what usually makes such lines; undefined: it is JSON. */
const jsonReason = (bytes: Uint8Array): string | undefined => {
  const fault = findJsonFault(bytes)
  if (fault === undefined) return undefined
  const cause = causeOfLine(fault, new TextDecoder().decode(bytes).trim())
  return `expected JSON, got ${formatJsonFault(cause === undefined ? fault : { ...fault, cause })}`
}

const anArray =
  "a JSON array in place of lines; each device is an object on a line of its own (jq -c '.[]' writes that)"

/** Faults of files, where the causes of `JsonFault` are those of firmware. */
const causeOfLine = ({ expected, got }: JsonFault, text: string): string | undefined => {
  if (text.startsWith("\u001f")) return "the file is compressed; gunzip it first"
  if (text.startsWith("PK\u0003\u0004"))
    return "a spreadsheet or an archive (zip); save it as CSV, which roost import and the console read"
  if (text.startsWith("[") || text === "]") return anArray
  if (/^\{.*\},$/.test(text)) return `a comma behind the device: ${anArray}`
  if (text.startsWith("{") && got.startsWith("the end")) {
    return "a device over several lines, or a file that was cut; each is on one line (jq -c . writes that)"
  }
  if (/^["}]/.test(text) && expected !== "UTF-8")
    return "a device over several lines; each is on one line (jq -c . writes that)"
  if (/^[\w-]+([,;\t]|$)/.test(text) && expected !== "UTF-8") {
    return "CSV or a list of keys; roost import and the console make lines of JSON of such a file"
  }
  return undefined
}
