import { sha256 } from "@noble/hashes/sha2.js"

/** Bytes 9 to 24, counted from one, of SHA-256 of the secret. Not by Web Crypto, which pages without https do not have. */
export const pskKey = (secret: string): Uint8Array => sha256(new TextEncoder().encode(secret)).subarray(8, 24)

export const hexText = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")

/** As `printf` of a shell reads it. */
export const octalText = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => `\\${byte.toString(8).padStart(3, "0")}`).join("")

/** Visible ASCII as it is, other bytes as `\x7f`: what fields for a text take, where they take such bytes at all. */
export const plainText = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) =>
    byte >= 0x20 && byte < 0x7f && byte !== 0x5c
      ? String.fromCharCode(byte)
      : `\\x${byte.toString(16).padStart(2, "0")}`
  ).join("")
