import { isExactNumber } from "./ExactNumber.ts"
import { JsonScan } from "./JsonScan.ts"

/**
 * A key that one object of the text has twice, of which the reader kept the last; undefined if there is none. `value`: what was
 * read of it. A count of the keys tells in a fraction of a microsecond that there is none.
 */
export const repeatedKeyOf = (text: Uint8Array, value: unknown): string | undefined =>
  colonsBehindQuotes(text) === keysOf(value) ? undefined : new JsonScan(text).repeatedKey()

/** One behind each key; strings that hold such a thing make it more. */
const colonsBehindQuotes = (text: Uint8Array): number => {
  let count = 0
  for (let at = text.indexOf(colon); at >= 0; at = text.indexOf(colon, at + 1)) {
    let before = at - 1
    while (isSpace(text[before])) before--
    if (text[before] === quote) count++
  }
  return count
}

const keysOf = (value: unknown): number => {
  if (typeof value !== "object" || value === null || isExactNumber(value)) return 0
  let count = 0
  if (Array.isArray(value)) {
    for (const inner of value) count += keysOf(inner)
    return count
  }
  for (const key in value) count += 1 + keysOf((value as Record<string, unknown>)[key])
  return count
}

const isSpace = (byte: number | undefined): boolean => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
const colon = 0x3a
const quote = 0x22
