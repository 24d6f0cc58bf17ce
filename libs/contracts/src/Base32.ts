const alphabet = "0123456789abcdefghjkmnpqrstvwxyz"

/** Lower-case Crockford base32 of the first `length` bytes, whole 5-byte groups: 5 become 8 characters, no padding. */
export const encodeBase32 = (bytes: Uint8Array, length = bytes.length): string => {
  if (length % 5 !== 0) throw new RangeError("base32 here takes whole 5-byte groups")
  let text = ""
  for (let i = 0; i < length; i += 5) {
    const high = bytes[i]! * 0x1000 + bytes[i + 1]! * 0x10 + (bytes[i + 2]! >> 4)
    const low = (bytes[i + 2]! & 0x0f) * 0x10000 + bytes[i + 3]! * 0x100 + bytes[i + 4]!
    text += base32Number(high, 4) + base32Number(low, 4)
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
