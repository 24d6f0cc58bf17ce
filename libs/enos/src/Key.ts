import * as Schema from "effect/Schema"

/** 20 is the C SDK's bound (enos-protocol §1.2); samples have 8 characters. */
const productKeyPattern = /^[A-Za-z0-9_-]{1,20}$/u
/** enos-protocol §1.2: documented as 4–64 where a device is replaced; shorter keys exist in samples. */
const deviceKeyPattern = /^[A-Za-z0-9_:-][A-Za-z0-9_.:-]{0,63}$/u
const secretPattern = /^[\x21-\x7e]{1,64}$/u

export const productKeyRule = "1–20 of A–Z a–z 0–9 _ -"
export const deviceKeyRule = "1–64 of A–Z a–z 0–9 - _ . :, the first no dot"
export const secretRule = "1–64 printable ASCII characters without spaces"

export const isProductKey = (text: string): boolean => productKeyPattern.test(text)
export const isDeviceKey = (text: string): boolean => deviceKeyPattern.test(text)

export const ProductKey = Schema.String.check(
  Schema.isPattern(productKeyPattern, { message: `expected ${productKeyRule}` })
).annotate({ examples: ["meters"] })
export const DeviceKey = Schema.String.check(
  Schema.isPattern(deviceKeyPattern, { message: `expected ${deviceKeyRule}` })
).annotate({ examples: ["meter-1"] })
/** Product secret or device secret; its UTF-8 bytes are what the key is derived from. */
export const Secret = Schema.String.check(Schema.isPattern(secretPattern, { message: `expected ${secretRule}` }))

/** Bytes of randomness that one character of a generated key or secret needs. */
export const randomBytesPerCharacter = 2

/**
 * `length` characters of `[A-Za-z0-9]` from `2 × length` random bytes. 65 536 is no multiple of 62: the bias is 0.1 %
 * of a character, 20 characters keep 119 bits.
 */
export const alphanumeric = (random: Uint8Array, length: number): string => {
  let text = ""
  for (let i = 0; i < length; i++) text += alphabet[((random[2 * i]! << 8) | random[2 * i + 1]!) % 62]!
  return text
}

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
