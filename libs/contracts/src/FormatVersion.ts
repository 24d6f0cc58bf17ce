/**
 * The version of what apps store for each other or send to each other. Messages of streams say theirs in the header `FormatHeader`, entries
 * of buckets in the member `formatMember`; frames and sessions begin with theirs. Those that say none have version 0, as all that 0.2.0 and
 * older wrote do. A version changes where an older app would misread what it finds.
 */
export const formatVersionMax = 0
export const FormatHeader = "Roost-Format"
export const formatMember = "roostFormat"

/** Why something of this version can't be read here; undefined: it can. */
export const formatFault = (given: string | number): string | undefined => {
  const version = given === "" ? 0 : Number(given)
  if (Number.isInteger(version) && version >= 0 && version <= formatVersionMax) return undefined
  return `it has format ${String(given).slice(0, shownMax)}, and this version reads formats up to ${formatVersionMax}: a newer Roost wrote it. Update this app`
}

const shownMax = 20

/** The same of an entry as JSON text. */
export const entryFormatFault = (json: string): string | undefined => {
  // Most say none, and are not read twice.
  if (!json.includes(`"${formatMember}"`)) return undefined
  try {
    const entry = JSON.parse(json) as { readonly [formatMember]?: unknown } | null
    const version = entry?.[formatMember]
    return version === undefined ? undefined : formatFault(typeof version === "number" ? version : String(version))
  } catch {
    return undefined
  }
}
