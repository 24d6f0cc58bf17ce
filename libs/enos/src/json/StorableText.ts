import { isExactNumber } from "./ExactNumber.ts"

/** Whether every database holds the text: PostgreSQL has no NUL, and UTF-8 has no surrogate on its own. */
export const isStorable = (text: string): boolean => !text.includes("\0") && text.isWellFormed()

/** The text with NUL and lone surrogates written as escapes, as JSON writes them. */
export const storable = (text: string): string =>
  isStorable(text)
    ? text
    : text.replaceAll(unstorable, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)

/** Where in a value a key or a text is that no database holds, as `.attributes.a[2]`; undefined if there is none. */
export const findUnstorable = (value: unknown, path = ""): string | undefined => {
  if (typeof value === "string") return isStorable(value) ? undefined : path
  if (typeof value !== "object" || value === null || isExactNumber(value)) return undefined
  for (const [key, inner] of Object.entries(value)) {
    const at = Array.isArray(value) ? `${path}[${key}]` : `${path}.${storable(key.slice(0, shownLengthMax))}`
    const found = isStorable(key) ? findUnstorable(inner, at) : at
    if (found !== undefined) return found
  }
  return undefined
}

/** A quick look at a text of JSON: false only if no string of it can be one. */
export const mayBeUnstorable = (json: string): boolean => /\\u(?:0000|[dD][89a-fA-F])/.test(json)

const shownLengthMax = 40
const unstorable = /\0|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g
