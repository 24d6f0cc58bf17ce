import * as Result from "effect/Result"
import { findJsonFault, formatJsonFault } from "./JsonFault.ts"
import { isShallow, parseJson } from "./LosslessJson.ts"

/** The fault of a text that came from outside. */
export interface JsonUnread {
  readonly expected: string
  readonly got: string
}

/**
 * Reads bytes from outside: strict UTF-8, a byte order mark cut off, numbers as they were written, nested at most `depthMax`.
 * The one door for JSON of devices and callers.
 */
export const readJson = (bytes: Uint8Array, depthMax: number): Result.Result<unknown, JsonUnread> => {
  let value: unknown
  try {
    value = parseJson(strictUtf8.decode(bytes))
  } catch {
    const fault = findJsonFault(bytes)
    // The parser of V8 gives up where its stack ends; all that is JSON after all is too deep.
    if (fault !== undefined) return Result.fail({ expected: "JSON", got: formatJsonFault(fault) })
    return tooDeep(depthMax)
  }
  return isShallow(value, depthMax) ? Result.succeed(value) : tooDeep(depthMax)
}

const tooDeep = (depthMax: number) => Result.fail({ expected: `nesting at most ${depthMax} deep`, got: "deeper" })

const strictUtf8 = new TextDecoder("utf-8", { fatal: true })
