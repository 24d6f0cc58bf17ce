import { allocate } from "./allocate.ts"

/** Shared by everything that holds "no bytes", so that an empty connection id costs no object. */
export const emptyBytes = new Uint8Array(0)

/** A copy in any case: `slice` of a Node.js Buffer, which is what sockets deliver, is only a view. */
export function copyBytes(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes)
}

/**
 * Bytes to be kept for as long as a device is online. A one-byte string is its content and 16 bytes, an array of its own
 * some 200 more. `charCodeAt` reads one as fast as an index reads the other.
 */
export function packBytes(bytes: Uint8Array): string {
  return String.fromCharCode.apply(null, bytes as unknown as Array<number>)
}

export function unpackBytes(packed: string, from = 0, length = packed.length - from): Uint8Array {
  const bytes = new Uint8Array(length)
  for (let i = 0; i < length; i++) bytes[i] = packed.charCodeAt(from + i)
  return bytes
}

/** Compares without an early exit; the lengths are public. */
export function constantTimeEqual(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  let difference = 0
  for (let i = 0; i < a.length; i++) difference |= a[i]! ^ b[i]!
  return difference === 0
}

/** Plain comparison, for values that are no secret. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

export function concatBytes(parts: ReadonlyArray<Uint8Array>): Uint8Array {
  let length = 0
  for (const part of parts) length += part.length
  const whole = allocate(length)
  let offset = 0
  for (const part of parts) {
    whole.set(part, offset)
    offset += part.length
  }
  return whole
}

export function asciiBytes(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0))
}
