import { mayBeUnstorable } from "@roost/enos"

export { storable } from "@roost/enos"

/**
 * The JSON of a value such as PostgreSQL's `jsonb` takes it. That has neither NUL nor surrogates on their own: the six characters of their
 * escape stand there.
 */
export const storableJson = (value: unknown): string => {
  const json = JSON.stringify(value) ?? "null"
  return mayBeUnstorable(json) ? json.replaceAll(escape, (found) => (found.length > 2 ? `\\${found}` : found)) : json
}

/** An escape of two characters is looked at, too, so that no backslash is taken for the beginning of one that it ends. */
const escape = /\\(?:u(?:0000|[dD][89a-fA-F][0-9a-fA-F]{2})|.)/g
