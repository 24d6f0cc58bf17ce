import { isDigit, JsonScan } from "./JsonScan.ts"

/** Where a text stops being JSON, and what usually makes such a text: for whoever looks after the device or the caller. */
export interface JsonFault {
  /** Of the first byte that JSON does not allow there, counted from 0. */
  readonly at: number
  readonly expected: string
  readonly got: string
  /** The usual cause; absent where nothing is known to make such bytes. */
  readonly cause?: string
}

/** `byte 41: expected a digit, got 0x2c ","; likely cause: …`. */
export const formatJsonFault = ({ at, cause, expected, got }: JsonFault): string =>
  `byte ${at}: expected ${expected}, got ${got}${cause === undefined ? "" : `; likely cause: ${cause}`}`

/** Looks for the first fault of bytes that are no JSON; undefined if they are JSON after all. Linear, and never deep. */
export const findJsonFault = (bytes: Uint8Array): JsonFault | undefined => {
  const whole = faultOfWhole(bytes)
  if (whole !== undefined) return whole
  const scan = new JsonScan(bytes)
  const expected = scan.run()
  if (expected === undefined) return undefined
  const { at } = scan
  const cause = causeOf(bytes, at, expected, scan.innermost)
  return { at, expected, got: shownByte(bytes, at), ...(cause === undefined ? {} : { cause }) }
}

/** Encodings other than UTF-8 are told by their first bytes. */
const faultOfWhole = (bytes: Uint8Array): JsonFault | undefined => {
  const [a, b, c, d] = bytes
  const utf16 = (at: number, order: string): JsonFault => ({
    at,
    expected: "UTF-8",
    got: shownByte(bytes, at),
    cause: `the text is UTF-16${order}; JSON is sent as UTF-8`
  })
  if (a === 0xff && b === 0xfe) return utf16(0, "LE")
  if (a === 0xfe && b === 0xff) return utf16(0, "BE")
  if (a !== 0 && b === 0 && c !== 0 && d === 0) return utf16(1, "LE")
  if (a === 0 && b !== 0 && c === 0 && d !== 0) return utf16(0, "BE")
  if (a === 0x1f && b === 0x8b) {
    return { at: 0, expected: "a value", got: shownByte(bytes, 0), cause: "the payload is compressed (gzip)" }
  }
  return undefined
}

/** Ends the cause of bytes that were never meant as JSON; who reads them knows where such belong. */
export const insteadOfJson = "instead of JSON"

/** Faults that devices of all kinds were seen to send, and the error of their firmware then. The first that fits counts. */
const causeOf = (bytes: Uint8Array, at: number, expected: string, open: number | undefined): string | undefined => {
  const byte = bytes[at]
  const rest = textAt(bytes, at)
  const before = previous(bytes, at)
  if (byte === undefined) return "the text was cut: the buffer or the length is too small"
  if (byte === 0 && onlyZeros(bytes, at)) {
    return bytes.length - at === 1
      ? "a trailing NUL: the length is off by one, the end of a C string was sent with it"
      : `${bytes.length - at} trailing NULs: the size of the buffer was sent as the length of the text`
  }
  if (byte === 0xef && bytes[at + 1] === 0xbb && bytes[at + 2] === 0xbf) {
    return "a byte order mark inside the text: files that begin with one were put together"
  }
  if (byte === 0) return "a NUL inside the text: a C string was copied with its end, or UTF-16 was sent"
  if (expected === "UTF-8") return encodingCause(bytes, at)
  if (expected.startsWith("a character"))
    return `an unescaped control character: in JSON it is written ${escapeOf(byte)}`
  if (/^[-+]?(nan|inf)/i.test(rest)) return "printf of a float that is not a number or infinite; JSON has null for it"
  if (/^#(inf|ind|qnan|snan)/i.test(rest))
    return "printf of a float that is infinite or no number; JSON has null for it"
  if (/^(True|False|TRUE|FALSE|None|NULL|Null|undefined|nil)/.test(rest)) {
    return "true, false and null are written in small letters; Python's, Lua's and JavaScript's own words are no JSON"
  }
  if (byte === apostrophe) return "single quotes: JSON has double quotes, Python's str() of a dict writes single ones"
  if (expected === "a value" && (before === undefined || at === startOf(bytes))) {
    const other = otherFormat(bytes, at)
    if (other !== undefined) return other
  }
  if (expected.startsWith("no digit after")) return "a number with a leading zero, as printf's %02d writes it"
  if (/^[xX][0-9A-Fa-f]/.test(rest) && bytes[at - 1] === 0x30) return "a hexadecimal number: JSON has decimal ones only"
  if (byte === 0x2b) return "a plus sign before a number, as printf's %+d writes it"
  if (expected === "a value" && byte === point) return "a number without a digit before the point, such as .5"
  if (expected === "a digit after the point") return "a number without a digit after the point, such as 5."
  if (expected === "a digit" && byte === point) return "a number without a digit before the point, such as -.5"
  if ((expected === "a key in double quotes" || expected === "a value") && (byte === 0x7d || byte === 0x5d)) {
    return before === comma
      ? "a comma after the last element"
      : "a value is missing: an empty variable was printed, or a format without its argument"
  }
  if (byte === comma && (expected === "a value" || expected === "a key in double quotes")) {
    return before === comma || before === openBrace || before === openBracket
      ? "two commas, or one before the first element: an element is missing"
      : "a value is missing: an empty variable was printed"
  }
  if (expected === "a key in double quotes" && isDigit(byte) && open === openBrace && before === comma) {
    return "a comma for a decimal point: printf wrote a float in a locale that has it"
  }
  if (expected === "a key in double quotes" && isWordByte(byte)) return "a key without quotes"
  if (/^\/[/*]/.test(rest)) return "a comment: JSON has none"
  if (byte === 0x25) return "a format of printf that was not filled in"
  if (expected === "the end of the payload") {
    if (byte === openBrace || byte === openBracket) return "two messages in one payload: one request has one message"
    if (byte === 0x7d || byte === 0x5d) return "one closing bracket too many"
    if ((byte === comma || byte === 0x3b) && isListed(bytes)) return `values separated by commas (CSV) ${insteadOfJson}`
    return "bytes after the message: an older, longer text in the buffer, or a length that is too large"
  }
  if (expected.startsWith(`","`)) {
    if (byte === quote && before === quote) return "a comma is missing, or a quote inside a text is not escaped"
    if (isWordByte(byte) && before === quote) return "a quote inside a text is not escaped"
    if (byte === 0x5f || byte === apostrophe) return "digits in groups: JSON numbers have digits only"
    if (byte === quote || byte === openBrace || byte === openBracket) return "a comma is missing"
    if (byte === 0x7d || byte === 0x5d) return "brackets that do not match"
    if (byte === 0x4c || byte === 0x66 || byte === 0x75 || byte === 0x55) return "a number with a suffix of C (f, u, L)"
  }
  if (expected === `":"` && (byte === 0x3d || byte === comma)) return "a key without a value"
  if (byte === 0x5c && (expected === "a value" || expected === "a key in double quotes")) {
    return 'the text was escaped once too often: quotes are written \\" inside of a text only'
  }
  if (expected === "a value" && isWordByte(byte)) return "a text without quotes"
  if (expected === 'one of " \\ / b f n r t u after a backslash') return "a backslash that is not escaped, as in a path"
  return undefined
}

/** The form of a payload that has not even JSON's first byte. */
const otherFormat = (bytes: Uint8Array, at: number): string | undefined => {
  const byte = bytes[at]!
  const next = bytes[at + 1] ?? 0
  if (byte === 0x3c) return `XML or HTML ${insteadOfJson}`
  const text = textAt(bytes, at)
  // Base64 of `{"`.
  if (text.startsWith("eyJ")) return "the JSON was written in base64; it is sent as it is"
  if (/^[A-Za-z_][\w.-]*=/.test(text)) return `a form (name=value) ${insteadOfJson}`
  // RFC 8949 §3.1: a map whose first key is a text. MessagePack's likewise.
  if (((byte >= 0xa1 && byte <= 0xb7) || byte === 0xbf) && next >= 0x61 && next <= 0x77) return `CBOR ${insteadOfJson}`
  if (byte >= 0x81 && byte <= 0x8f && next >= 0xa1 && next <= 0xbf) return `MessagePack ${insteadOfJson}`
  return isWordByte(byte) || byte >= 0x80 || byte < 0x20 ? `raw bytes or plain text ${insteadOfJson}` : undefined
}

/** Begins with a number or a text, as a line of CSV does. */
const isListed = (bytes: Uint8Array): boolean => {
  const first = bytes[startOf(bytes)]!
  return isDigit(first) || first === 0x2d || first === quote
}

const encodingCause = (bytes: Uint8Array, at: number): string => {
  const next = bytes[at + 1] ?? 0
  if (onlyHigh(bytes, at)) return "a character of several bytes was cut at the end of its buffer"
  const lead = bytes[at]!
  if (lead === 0xc0 && next === 0x80) return "a NUL as Java's modified UTF-8 writes it"
  if (lead === 0xed && next >= 0xa0) return "a surrogate on its own: the text is CESU-8 or broken UTF-16"
  if (lead >= 0x81 && lead <= 0xfe && next >= 0x40 && next !== 0x7f && next >= 0x80) {
    return "the text is GBK (GB 2312, GB 18030) or another encoding of two bytes; JSON is sent as UTF-8"
  }
  return "the text is Latin-1 or another encoding of one byte (° and µ are such characters), or GBK; JSON is sent as UTF-8"
}

/** A sequence of UTF-8 that the end of the bytes cuts. */
const onlyHigh = (bytes: Uint8Array, at: number): boolean => {
  if (bytes.length - at > 3 || bytes[at]! < 0xc2) return false
  for (let i = at + 1; i < bytes.length; i++) if ((bytes[i]! & 0xc0) !== 0x80) return false
  return true
}

const onlyZeros = (bytes: Uint8Array, at: number): boolean => {
  for (let i = at; i < bytes.length; i++) if (bytes[i] !== 0) return false
  return true
}

const startOf = (bytes: Uint8Array): number => (bytes[0] === 0xef ? 3 : 0)

/** The byte before, spaces left out. */
const previous = (bytes: Uint8Array, at: number): number | undefined => {
  let i = at - 1
  while (i >= 0 && bytes[i]! <= 0x20) i--
  return bytes[i]
}

const textAt = (bytes: Uint8Array, at: number): string => String.fromCharCode(...bytes.subarray(at, at + 12))

const shownByte = (bytes: Uint8Array, at: number): string => {
  const byte = bytes[at]
  if (byte === undefined) return "the end"
  const hex = `0x${byte.toString(16).padStart(2, "0")}`
  return byte > 0x20 && byte < 0x7f ? `${hex} ${String.fromCharCode(byte)}` : hex
}

const escapeOf = (byte: number): string =>
  ({ 9: "\\t", 10: "\\n", 13: "\\r" })[byte] ?? `\\u00${byte.toString(16).padStart(2, "0")}`

const isWordByte = (byte: number): boolean =>
  isDigit(byte) || byte === 0x5f || byte === 0x24 || ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a)

const openBrace = 0x7b
const openBracket = 0x5b
const quote = 0x22
const apostrophe = 0x27
const comma = 0x2c
const point = 0x2e
