const unitSeconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400, w: 604_800 }

/** `90`, `90s`, `10m`, `1h`, `2d`, `1w`: whole seconds. Throws. */
export const durationSeconds = (text: string): number => {
  const parts = /^(\d{1,12})([smhdw]?)$/.exec(text)
  if (parts === null)
    throw new Error(`expected seconds, or a number with s, m, h, d or w, such as 10m; got ${JSON.stringify(text)}`)
  return Number(parts[1]) * unitSeconds[parts[2] || "s"]!
}

/** Milliseconds since 1970 as they stand, a time as ISO 8601 writes it, or how long ago. Throws. */
export const momentOf = (text: string): number => momentBefore(text, Date.now())

export const momentBefore = (text: string, now: number): number => {
  if (/^\d{11,}$/.test(text)) return Number(text)
  if (/^\d{1,10}[smhdw]$/.test(text)) return now - 1000 * durationSeconds(text)
  const parsed = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN
  if (!Number.isNaN(parsed)) return parsed
  throw new Error(
    `expected milliseconds since 1970, a time such as 2026-11-30T08:00Z, or how long ago, such as 24h; got ${JSON.stringify(text)}`
  )
}

/** A time as `momentOf` takes it, or in how long from now. Throws. */
export const momentAhead = (text: string): number =>
  /^\d{1,10}[smhdw]$/.test(text) ? Date.now() + 1000 * durationSeconds(text) : momentOf(text)
