import { createHash, createHmac } from "node:crypto"
import { pskBytes, pskFromSecret } from "./PskKey.ts"

/** Mistakes that firmware was seen to make with the key, by a name for the bus: a description, for the operator. */
export const keyMistakes = {
  firstBytes: "bytes 1–16 of SHA-256 of the secret",
  lastBytes: "bytes 17–32 of SHA-256 of the secret",
  countedFromZero: "bytes 10–25 of SHA-256 of the secret: the 9 was counted from 0",
  countedTooFew: "bytes 8–23 of SHA-256 of the secret",
  wholeHash: "all 32 bytes of SHA-256 of the secret",
  hexOfHash: "characters 9–24 of the hexadecimal text of SHA-256, not its bytes",
  hexOfHashInCapitals: "characters 9–24 of the hexadecimal text of SHA-256 in capitals, not its bytes",
  hexOfKey: "the right key's hexadecimal text, not its bytes",
  hexOfKeyInCapitals: "the right key's hexadecimal text in capitals, not its bytes",
  base64OfKey: "the right key's base64 text, not its bytes",
  backwards: "the right key with its bytes in reverse order",
  keyToNul: "the right key up to the first NUL in it: its length was counted as a text's",
  keyWithNul: "the right key with a NUL behind it, 17 bytes",
  keyInBuffer: "the right key with 16 NULs behind it: its buffer's size was taken for its length",
  secretFromHex:
    "derived from the bytes that the secret is the hexadecimal text of: the secret's text itself is hashed",
  secretFromBase64: "derived from the bytes that the secret is the base64 text of: the secret's text itself is hashed",
  secretAsKey: "the secret itself, without SHA-256",
  secretAsHexKey: "the secret's hexadecimal text as bytes, without SHA-256",
  trailingNul: "derived from the secret with the NUL that ends a C string",
  trailingLineFeed: "derived from the secret with a line feed behind it",
  trailingCrLf: "derived from the secret with a carriage return and a line feed behind it",
  trailingBlank: "derived from the secret with a blank behind it",
  leadingBlank: "derived from the secret with a blank before it",
  leadingHexMark: "derived from the secret with 0x before it",
  byteOrderMark: "derived from the secret with a byte order mark before it",
  utf16: "derived from the secret as UTF-16, two bytes for each character",
  quoted: "derived from the secret with quotes around it",
  lowerCase: "derived from the secret in small letters",
  upperCase: "derived from the secret in capitals",
  otherSecret: "derived from the other secret: SecureMode 2 takes the device's, SecureMode 3 the product's",
  formerSecret: "derived from the product's former secret, which activates no device any more: its grace is over",
  md5: "MD5 of the secret",
  hexOfMd5: "the hexadecimal text of MD5 of the secret, 32 characters",
  sha1: "SHA-1 of the secret",
  sha1Cut: "the first 16 bytes of SHA-1 of the secret",
  sha512: "bytes 9–24 of SHA-512 of the secret",
  hashedTwice: "bytes 9–24 of SHA-256 of SHA-256 of the secret",
  hashOfHex: "bytes 9–24 of SHA-256 of the hexadecimal text of SHA-256 of the secret",
  hmac: "bytes 9–24 of HMAC-SHA256 of the device key under the secret",
  base64OfHash: "the base64 text of SHA-256 of the secret, 44 characters",
  hexOfWholeHash: "the hexadecimal text of SHA-256 of the secret, 64 characters",
  secretCut: "the secret's first 16 characters, without SHA-256",
  emptySecret: "derived from an empty text: no secret was written into the device",
  zeros: "16 bytes of zero: no secret was written into the device",
  deviceKey: "derived from the device key: the secret is another text"
} as const
export type KeyMistake = keyof typeof keyMistakes

export interface MistakenKey {
  readonly mistake: KeyMistake
  readonly key: Uint8Array
}

/**
 * The keys of those mistakes for a secret. `otherSecret`: the product's where the device's is due, and the other way round. One for
 * each, so that as many are tried of every secret. A mistake that this secret does not allow has a key that nobody has. `formerSecret`: the
 * product's before its rotation, where the product's is due.
 */
export const mistakenKeys = (
  secret: string,
  otherSecret: string,
  deviceKey: string,
  formerSecret?: string
): ReadonlyArray<MistakenKey> => {
  const text = utf8.encode(secret)
  const hash = sha256(text)
  const hex = Buffer.from(hash).toString("hex")
  const right = Buffer.from(pskFromSecret(secret))
  const hexOfKey = right.toString("hex")
  const digest = (algorithm: string) => createHash(algorithm).update(text).digest()
  const md5 = digest("md5")
  const sha1 = digest("sha1")
  const fromHex = /^(?:[0-9a-fA-F]{2})+$/.test(secret) ? Buffer.from(secret, "hex") : undefined
  const fromBase64 = /^[A-Za-z0-9+/_-]+={0,2}$/.test(secret) ? Buffer.from(secret, "base64") : undefined
  const found: ReadonlyArray<readonly [KeyMistake, Uint8Array | undefined]> = [
    ["firstBytes", hash.subarray(0, pskBytes)],
    ["lastBytes", hash.subarray(pskBytes)],
    ["countedFromZero", hash.subarray(9, 9 + pskBytes)],
    ["countedTooFew", hash.subarray(7, 7 + pskBytes)],
    ["wholeHash", hash],
    ["hexOfHash", utf8.encode(hex.slice(8, 8 + pskBytes))],
    ["hexOfHashInCapitals", utf8.encode(hex.slice(8, 8 + pskBytes).toUpperCase())],
    ["hexOfKey", utf8.encode(hexOfKey)],
    ["hexOfKeyInCapitals", utf8.encode(hexOfKey.toUpperCase())],
    ["base64OfKey", utf8.encode(right.toString("base64"))],
    ["backwards", right.toReversed()],
    ["keyToNul", right.includes(0) ? right.subarray(0, right.indexOf(0)) : undefined],
    ["keyWithNul", padded(right, 1)],
    ["keyInBuffer", padded(right, pskBytes)],
    ["secretFromHex", fromHex && keyOf(fromHex)],
    ["secretFromBase64", fromBase64 && keyOf(fromBase64)],
    ["secretAsKey", text],
    ["secretAsHexKey", fromHex],
    ["trailingNul", pskFromSecret(`${secret}\0`)],
    ["trailingLineFeed", pskFromSecret(`${secret}\n`)],
    ["trailingCrLf", pskFromSecret(`${secret}\r\n`)],
    ["trailingBlank", pskFromSecret(`${secret} `)],
    ["leadingBlank", pskFromSecret(` ${secret}`)],
    ["leadingHexMark", pskFromSecret(`0x${secret}`)],
    ["byteOrderMark", pskFromSecret(`\ufeff${secret}`)],
    ["utf16", keyOf(Buffer.from(secret, "utf16le"))],
    ["quoted", pskFromSecret(`"${secret}"`)],
    ["lowerCase", pskFromSecret(secret.toLowerCase())],
    ["upperCase", pskFromSecret(secret.toUpperCase())],
    ["otherSecret", pskFromSecret(otherSecret)],
    ["formerSecret", formerSecret === undefined ? undefined : pskFromSecret(formerSecret)],
    ["md5", md5],
    ["hexOfMd5", utf8.encode(md5.toString("hex"))],
    ["sha1", sha1],
    ["sha1Cut", sha1.subarray(0, pskBytes)],
    ["sha512", digest("sha512").subarray(8, 8 + pskBytes)],
    ["hashedTwice", keyOf(hash)],
    ["hashOfHex", keyOf(utf8.encode(hex))],
    [
      "hmac",
      createHmac("sha256", text)
        .update(deviceKey)
        .digest()
        .subarray(8, 8 + pskBytes)
    ],
    ["base64OfHash", utf8.encode(Buffer.from(hash).toString("base64"))],
    ["hexOfWholeHash", utf8.encode(hex)],
    ["secretCut", text.length > pskBytes ? text.subarray(0, pskBytes) : undefined],
    ["emptySecret", pskFromSecret("")],
    ["zeros", new Uint8Array(pskBytes)],
    ["deviceKey", pskFromSecret(deviceKey)]
  ]
  return found.map(([mistake, key]) => {
    // A secret in small letters is its own; what is right is no mistake.
    const isMistake = key !== undefined && key.length > 0 && !right.equals(key)
    return { mistake, key: isMistake ? Uint8Array.from(key) : keyOf(utf8.encode(`${mistake}, none: ${secret}`)) }
  })
}

const sha256 = (bytes: Uint8Array): Uint8Array => new Uint8Array(createHash("sha256").update(bytes).digest())
const keyOf = (bytes: Uint8Array): Uint8Array => sha256(bytes).subarray(8, 8 + pskBytes)
const padded = (key: Uint8Array, nuls: number): Uint8Array => Buffer.concat([key, new Uint8Array(nuls)])
const utf8 = new TextEncoder()
