/** Bytes of a stranger's text that are shown; of the rest only the length. */
export const shownBytesMax = 96

/**
 * A stranger's text for an operator's eyes: printable ASCII as it is, every other byte escaped. It reaches terminals and
 * databases as nothing but text. Two different texts of up to `shownBytesMax` bytes look different.
 */
export const printableText = (bytes: Uint8Array): string => {
  const shown = bytes.length > shownBytesMax ? bytes.subarray(0, shownBytesMax) : bytes
  let text = ""
  for (const byte of shown) text += escapes[byte]
  return shown.length === bytes.length ? text : `${text}…(${bytes.length} bytes)`
}

/** Likely causes of texts that are no identities, such as were seen, by a name: in words, for the operator. */
const likelyCauses = {
  empty: "no identity is configured in the client",
  utf16: "the text is UTF-16",
  "length-before": "a length or a NUL goes before the text",
  "byte-order-mark": "a byte order mark goes before the text",
  "trailing-nul": "the length is off by one: the NUL that ends a C string is sent with it",
  "trailing-line-feed": "the line feed of the file or terminal it was read from is sent with it",
  "not-ascii": "the text is not ASCII, or memory that was never written",
  quoted: "the quotes of a configuration file or a shell are part of it",
  blanks: "there are blanks in it",
  separators: "the fields are separated by something else than commas",
  "name-alone": "it is a device key or a name alone",
  "field-missing": "a field is missing",
  "field-too-many": "there is a field too many, or a comma in a key"
} as const

export type IdentityMistake = keyof typeof likelyCauses

export const likelyCauseOf = (mistake: IdentityMistake): string => likelyCauses[mistake]

/** Why a PSK identity that is not four fields may look as it does; undefined where nothing stands out. */
export const identityMistakeOf = (bytes: Uint8Array): IdentityMistake | undefined => {
  if (bytes.length === 0) return "empty"
  if (bytes[0] === 0) return bytes[1] === undefined || bytes[2] === 0 ? "utf16" : "length-before"
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return "byte-order-mark"
  // Before the NUL at the end: every second byte of UTF-16 is one.
  const first = (bytes[0]! << 8) | (bytes[1] ?? 0)
  if (bytes[1] === 0 || first === 0xfffe || first === 0xfeff) return "utf16"
  const last = bytes.at(-1)!
  if (last === 0) return "trailing-nul"
  if (last === 0x0a || last === 0x0d) return "trailing-line-feed"
  if (bytes.some((byte) => byte >= 0x80)) return "not-ascii"
  const has = (characters: string) => bytes.some((byte) => characters.includes(String.fromCharCode(byte)))
  if (has("\"'")) return "quoted"
  if (has(" \t")) return "blanks"
  if (has(";|/&=")) return "separators"
  const commas = bytes.reduce((count, byte) => (byte === 0x2c ? count + 1 : count), 0)
  if (commas === 0) return "name-alone"
  return commas < 3 ? "field-missing" : commas > 3 ? "field-too-many" : undefined
}

const short: Readonly<Record<number, string>> = { 0x09: "\\t", 0x0a: "\\n", 0x0d: "\\r", 0x22: '\\"', 0x5c: "\\\\" }

const escapes: ReadonlyArray<string> = Array.from({ length: 256 }, (_, byte) => {
  if (short[byte] !== undefined) return short[byte]
  return byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, "0")}`
})
