/** Three digits, without an exponent. */
export const rounded = (value: number): string => {
  if (!Number.isFinite(value)) return "–"
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value) || 1)))
  return value.toFixed(Math.min(digits, 3))
}
