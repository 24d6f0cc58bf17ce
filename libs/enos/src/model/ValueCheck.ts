import { compareNumerals, exactValueOf, isExactNumber, isJsonNumber, numeralOf } from "../json/ExactNumber.ts"
import type { UnknownName } from "../Refusal.ts"
import { arrayLengthMax, stringBytesMax, type Definition } from "./Definition.ts"

/** The fault of a value. `path` is inside the value: empty, `.member`, `[3]`. */
export interface Mismatch {
  readonly path: string
  readonly expected: string
  readonly got: string
  readonly unknown?: UnknownName
}

/** Undefined: the value is right. Nothing is allocated then. */
export type ValueCheck = (value: unknown) => Mismatch | undefined

/** Builds the check of a definition once, so that a value costs no look at the model. */
export const compileDefinition = (definition: Definition): ValueCheck => {
  switch (definition.dataType) {
    case "INT":
      return isInt32
    case "FLOAT":
      return isFloat
    case "DOUBLE":
      return isDouble
    case "BOOL":
      return isBool
    case "ENUM":
      return definition.enumType === "INT" ? intEnum(Object.keys(definition.values)) : textEnum(definition.values)
    case "STRING":
      return text(definition.maxLength ?? stringBytesMax)
    case "TIMESTAMP":
      return isTimestamp
    case "DATE":
      return isDate
    case "FILE":
      return isFile
    case "ARRAY":
      return array(items[definition.itemType])
    case "STRUCT":
      return struct(
        Object.entries(definition.items).map(([id, { data, required }]) => [
          id,
          { check: compileDefinition(data), required: required === true }
        ])
      )
  }
}

/** A value as an operator needs to see it: its type, and itself as far as it is short. */
export const describeValue = (value: unknown): string => {
  if (value === undefined) return "nothing"
  if (value === null) return "null"
  if (Array.isArray(value)) return `an array of ${value.length}`
  if (isExactNumber(value)) return shown(value.rawJSON)
  if (typeof value === "object") return "an object"
  return typeof value === "string" ? JSON.stringify(value.slice(0, shownLengthMax)) : String(value)
}

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !JSON.isRawJSON(value)

const rule =
  (expected: string, holds: (value: unknown) => boolean): ValueCheck =>
  (value) =>
    holds(value) ? undefined : { path: "", expected, got: describeValue(value) }

/** EnOS's own samples send numbers as text, `["1.02","2.02"]` (enos-protocol §6): taken wherever a number is expected. */
const numeralIn = (value: unknown): string | undefined => {
  if (isJsonNumber(value)) return numeralOf(value)
  return typeof value === "string" && value.length <= numeralLengthMax && numeral.test(value) ? value : undefined
}

/** The JavaScript number of exactly the value's worth, else NaN: limits hold for what was written, not for what is near it. */
const numberOf = (value: unknown): number => {
  if (isJsonNumber(value)) return exactValueOf(value)
  const text = numeralIn(value)
  return text === undefined ? Number.NaN : exactValueOf({ rawJSON: text })
}

/** Whether it is a number of at most this size, which no double needs to hold exactly. */
const isWithin = (max: number) => {
  const numeralMax = BigInt(max).toString()
  return (value: unknown): boolean => {
    if (typeof value === "number") return Math.abs(value) <= max
    const text = numeralIn(value)
    if (text === undefined) return false
    const near = Math.abs(Number(text))
    return near === max ? compareNumerals(text.replace(/^[+-]/, ""), numeralMax) <= 0 : near < max
  }
}

const isInt32 = rule("a 32-bit integer", (value) => {
  const number = numberOf(value)
  return (number | 0) === number
})
const isFloat = rule("a number that a 32-bit float holds", isWithin(3.402_823_466_385_288_6e38))
const isDouble = rule("a number that a 64-bit float holds", isWithin(Number.MAX_VALUE))
/** Documents say 0 and 1, samples show true and false (enos-protocol §6). */
const isBool = rule("true, false, 0 or 1", (value) => {
  if (value === true || value === false) return true
  const number = isJsonNumber(value) ? exactValueOf(value) : Number.NaN
  return number === 0 || number === 1
})

const isTimestamp = rule("milliseconds since 1970", (value) => {
  if (typeof value === "string" && !digits.test(value)) return false
  const number = numberOf(value)
  return Number.isSafeInteger(number) && number >= 0
})

const isDate = rule("a date as yyyy-MM-dd or yyyy-MM-dd HH:mm:ss", (value) => {
  if (typeof value !== "string") return false
  const parts = date.exec(value)
  if (parts === null) return false
  const [year, month, day] = [Number(parts[1]), Number(parts[2]), Number(parts[3])]
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
  const last = month === 2 && leap ? 29 : daysOfMonth[month - 1]
  return last !== undefined && day >= 1 && day <= last
})

const isFile = rule(`a URI of at most ${stringBytesMax} bytes`, (value) => {
  return typeof value === "string" && uri.test(value) && utf8Length(value) <= stringBytesMax
})

const intEnum = (keys: ReadonlyArray<string>): ValueCheck => {
  const values = new Set(keys.map(Number))
  return rule(`one of ${shownKeys(keys)}`, (value) => values.has(numberOf(value)))
}

const textEnum = (descriptions: Readonly<Record<string, string>>): ValueCheck => {
  const values = new Set(Object.keys(descriptions))
  return rule(`one of ${shownKeys([...values])}`, (value) => typeof value === "string" && values.has(value))
}

const text = (bytesMax: number): ValueCheck =>
  rule(`a string of 1–${bytesMax} bytes`, (value) => {
    if (typeof value !== "string" || value.length === 0) return false
    // A UTF-16 unit takes three bytes at the most.
    return value.length * 3 <= bytesMax || (value.length <= bytesMax && utf8Length(value) <= bytesMax)
  })

const array =
  (item: ValueCheck): ValueCheck =>
  (value) => {
    if (!Array.isArray(value)) return { path: "", expected: "an array", got: describeValue(value) }
    if (value.length > arrayLengthMax) {
      return { path: "", expected: `at most ${arrayLengthMax} elements`, got: `${value.length}` }
    }
    for (let i = 0; i < value.length; i++) {
      const mismatch = item(value[i])
      if (mismatch !== undefined) return { ...mismatch, path: `[${i}]${mismatch.path}` }
    }
    return undefined
  }

/** A field of a struct, or a parameter of a service or event. */
export interface FieldCheck {
  readonly check: ValueCheck
  readonly required: boolean
}

/** An object whose every field is known and right, and that lacks no required one. */
export const struct = (fields: ReadonlyArray<readonly [string, FieldCheck]>): ValueCheck => {
  const known = new Map(fields)
  const required = fields.filter(([, field]) => field.required).map(([id]) => id)
  return (value) => {
    if (!isRecord(value)) return { path: "", expected: "an object", got: describeValue(value) }
    for (const id in value) {
      const field = known.get(id)
      if (field === undefined) return unknownField(id, known)
      const mismatch = field.check(value[id])
      if (mismatch !== undefined) return { ...mismatch, path: `.${id}${mismatch.path}` }
    }
    for (const id of required) {
      if (!Object.hasOwn(value, id)) return { path: `.${id}`, expected: "a required field", got: "nothing" }
    }
    return undefined
  }
}

const unknownField = (name: string, known: ReadonlyMap<string, FieldCheck>): Mismatch => ({
  path: `.${shown(name)}`,
  expected: "a field of the model",
  got: "an unknown one",
  unknown: { name, known }
})

/** An identifier that a device made up, short enough for an event. */
export const shown = (id: string): string => (id.length <= shownLengthMax ? id : `${id.slice(0, shownLengthMax)}…`)

const shownKeys = (keys: ReadonlyArray<string>): string =>
  keys.length <= shownKeysMax ? keys.join(", ") : `${keys.slice(0, shownKeysMax).join(", ")}, …`

const utf8Length = (value: string): number => {
  let bytes = value.length
  for (let i = 0; i < value.length; i++) {
    const unit = value.charCodeAt(i)
    // Both halves of a surrogate pair: four bytes of two units.
    if (unit >= 0x80) bytes += unit >= 0x800 && (unit < 0xd800 || unit > 0xdfff) ? 2 : 1
  }
  return bytes
}

const shownLengthMax = 40
const shownKeysMax = 8
/** The longest that a double is ever written as, with room. */
const numeralLengthMax = 32
const numeral = /^[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?$/
const digits = /^[0-9]{1,16}$/
const date = /^([0-9]{4})-([0-9]{2})-([0-9]{2})( ([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9])?$/
const daysOfMonth = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
const uri = /^[A-Za-z][A-Za-z0-9+.-]*:[\x21-\x7e\u0080-\uffff]+$/
const items = { INT: isInt32, FLOAT: isFloat, DOUBLE: isDouble, STRING: text(stringBytesMax) } as const
