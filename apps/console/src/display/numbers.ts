export const count = (value: number, locale: string): string => new Intl.NumberFormat(locale).format(value)

/** Three digits that count: `1.25`, `38.2`, `1,240`. */
export const rate = (value: number, locale: string): string =>
  value >= 100
    ? count(Math.round(value), locale)
    : new Intl.NumberFormat(locale, { maximumSignificantDigits: 3 }).format(value)

const byteUnits = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"] as const

/** Decimal units, as disks are sold. */
export const bytes = (value: number, locale: string): string => {
  const at = Math.min(byteUnits.length - 1, value < 1 ? 0 : Math.floor(Math.log10(value) / 3))
  return new Intl.NumberFormat(locale, {
    style: "unit",
    unit: byteUnits[at]!,
    unitDisplay: "short",
    maximumFractionDigits: at === 0 ? 0 : 1
  }).format(value / 1000 ** at)
}
