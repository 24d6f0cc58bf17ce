declare global {
  interface JSON {
    rawJSON(text: string): ExactNumber
    isRawJSON(value: unknown): value is ExactNumber
    parse(
      text: string,
      reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown
    ): unknown
  }
}

/**
 * A number whose text JavaScript would write in another way, such as `1.0`, `-0`, `1e400` or `9007199254740993`. It is
 * made by `JSON.rawJSON`, so `JSON.stringify` writes the text as it came. All other numbers are JavaScript's own.
 */
export interface ExactNumber {
  readonly rawJSON: string
}

export const isExactNumber = (value: unknown): value is ExactNumber =>
  typeof value === "object" && value !== null && JSON.isRawJSON(value)

/** A number of a JSON text, whichever of the two it is kept as. */
export const isJsonNumber = (value: unknown): value is number | ExactNumber =>
  typeof value === "number" || isExactNumber(value)

/** The text of a number as it was written. */
export const numeralOf = (value: number | ExactNumber): string =>
  typeof value === "number" ? String(value) : value.rawJSON

/**
 * The JavaScript number of exactly this value: `1.0` and `1e0` are 1. NaN where there is none, as for `9007199254740993`.
 * Exact for integers up to 2^53 and for what has at most 15 digits.
 */
export const exactValueOf = (value: number | ExactNumber): number => {
  if (typeof value === "number") return value
  const near = Number(value.rawJSON)
  return compareNumerals(value.rawJSON, String(near)) === 0 ? near : Number.NaN
}

/** Negative, 0 or positive, as the value of `left` is less, the same or more than that of `right`. Of any length and exponent. */
export const compareNumerals = (left: string, right: string): number => {
  const a = decimalOf(left)
  const b = decimalOf(right)
  if (a === undefined || b === undefined) return Number.NaN
  if (a.sign !== b.sign) return a.sign - b.sign
  return a.sign * compareMagnitudes(a, b)
}

/** Whether a numeral's value has no fraction: `1.50e1` has none. */
export const isInteger = (numeral: string): boolean => {
  const decimal = decimalOf(numeral)
  return decimal !== undefined && decimal.digits.length <= decimal.point
}

/** `0.{digits} × 10^{point}`: digits neither begin nor end with 0; none, and sign 0, for zero. */
interface Decimal {
  readonly sign: -1 | 0 | 1
  readonly digits: string
  readonly point: number
}

const decimalOf = (numeral: string): Decimal | undefined => {
  const parts = pattern.exec(numeral)
  if (parts === null) return undefined
  const [, minus, whole = "", fraction = "", exponent = "0"] = parts
  const all = whole + fraction
  const first = all.search(/[1-9]/)
  if (first === -1) return zero
  let end = all.length
  while (all.charCodeAt(end - 1) === 0x30) end--
  // An exponent beyond 2^53 has lost digits here: two such numbers compare as one. No double is near either.
  return { sign: minus === "-" ? -1 : 1, digits: all.slice(first, end), point: whole.length - first + Number(exponent) }
}

const compareMagnitudes = (a: Decimal, b: Decimal): number => {
  if (a.point !== b.point) return a.point < b.point ? -1 : 1
  // Digits after the point of `0.{digits}` compare as texts do.
  return a.digits === b.digits ? 0 : a.digits < b.digits ? -1 : 1
}

const zero: Decimal = { sign: 0, digits: "", point: 0 }
/** JSON's numbers, and a leading `+` for numbers in text (enos-protocol §6). */
const pattern = /^([+-]?)([0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?$/
