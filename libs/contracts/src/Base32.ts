const alphabet = "0123456789abcdefghjkmnpqrstvwxyz"
/** Two characters of every 10 bits: a key is then made of few pieces. */
const pairs = Array.from({ length: 1024 }, (_, i) => `${alphabet[i >> 5]}${alphabet[i & 31]}`)

/** Lower-case Crockford base32 of the first `length` bytes, whole 5-byte groups: 5 become 8 characters, no padding. */
export const encodeBase32 = (bytes: Uint8Array, length = bytes.length): string => {
  if (length % 5 !== 0) throw new RangeError("base32 here takes whole 5-byte groups")
  let text = ""
  for (let i = 0; i < length; i += 5) {
    const high = (bytes[i]! << 12) | (bytes[i + 1]! << 4) | (bytes[i + 2]! >> 4)
    const low = ((bytes[i + 2]! & 0x0f) << 16) | (bytes[i + 3]! << 8) | bytes[i + 4]!
    text += pairs[high >> 10]! + pairs[high & 0x3ff]! + pairs[low >> 10]! + pairs[low & 0x3ff]!
  }
  return text
}

/** `value` (a non-negative safe integer) in exactly `length` characters; higher digits are cut off. */
export const base32Number = (value: number, length: number): string => {
  let text = ""
  let rest = value
  for (let i = 0; i < length; i++) {
    text = alphabet[rest % 32]! + text
    rest = Math.floor(rest / 32)
  }
  return text
}

/** The number that `text` writes in base32, or undefined if a character is not of the alphabet. */
export const parseBase32 = (text: string): number | undefined => {
  let value = 0
  for (const character of text) {
    const digit = alphabet.indexOf(character)
    if (digit < 0) return undefined
    value = value * 32 + digit
  }
  return value
}
