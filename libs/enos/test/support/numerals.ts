import * as Schema from "effect/Schema"

const digits = (min: number, max: number) =>
  Schema.Array(Schema.Literals(["0", "1", "2", "5", "9"])).check(Schema.isMinLength(min), Schema.isMaxLength(max))

const Parts = Schema.Struct({
  minus: Schema.Boolean,
  whole: digits(1, 22),
  fraction: digits(0, 40),
  exponent: Schema.Literals(["", "e0", "E3", "e+21", "e-9", "e400", "E-400"])
})

/** Numbers as JSON may have them: up to 22 digits before the point and 40 behind it, exponents, `-0`. */
export const Numeral = Parts

export const numeralText = ({ exponent, fraction, minus, whole }: typeof Parts.Type): string => {
  const before = whole.join("").replace(/^0+(?=[0-9])/, "")
  return `${minus ? "-" : ""}${before}${fraction.length === 0 ? "" : `.${fraction.join("")}`}${exponent}`
}

/** Numerals of devices and printf, and those that JavaScript would write in another way. */
export const writtenNumbers = [
  "0",
  "-0",
  "-0.0",
  "1",
  "1.0",
  "1.50",
  "-1.0",
  "1e3",
  "1E3",
  "1e+3",
  "0.1",
  "1e-7",
  "0.0000001",
  "1e21",
  "1e400",
  "-1e400",
  "1e-400",
  "9007199254740993",
  "1234567890123456789",
  "18446744073709551615",
  "18446744073709551616",
  "0.1000000000000000055511151231257827021181",
  "3.141592653589793238462643383279502884197",
  "1234567890.1234567890",
  "123456789012345.6",
  "100",
  "1700000000000",
  "1700000000000.0"
] as const
