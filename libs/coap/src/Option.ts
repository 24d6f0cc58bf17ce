/** One option of a message: its number and its uninterpreted value (RFC 7252 §3.1). */
export interface Option {
  readonly number: number
  readonly value: Uint8Array
}

/** Option numbers by the names of their RFCs: RFC 7252 §5.10, 7641, 7959, 7967, 8613, 9175, 9177; 2100 is EnOS's own. */
export const OptionNumber = {
  IfMatch: 1,
  UriHost: 3,
  ETag: 4,
  IfNoneMatch: 5,
  Observe: 6,
  UriPort: 7,
  LocationPath: 8,
  Oscore: 9,
  UriPath: 11,
  ContentFormat: 12,
  MaxAge: 14,
  UriQuery: 15,
  Accept: 17,
  QBlock1: 19,
  LocationQuery: 20,
  Block2: 23,
  Block1: 27,
  Size2: 28,
  QBlock2: 31,
  ProxyUri: 35,
  ProxyScheme: 39,
  Size1: 60,
  Echo: 252,
  NoResponse: 258,
  RequestTag: 292,
  /** EnOS: `/topic/…` of a command that waits for the device. Even, so elective: who does not know it ignores it. */
  PendingCommand: 2100
} as const

/** An endpoint that does not recognise a critical option must not process the message (RFC 7252 §5.4.1, §5.4.6). */
export const isCritical = (number: number): boolean => (number & 1) === 1

/** A proxy that does not recognise an unsafe option must not forward the message (RFC 7252 §5.4.2, §5.4.6). */
export const isUnsafe = (number: number): boolean => (number & 2) === 2

/** Shortest big-endian form; zero is the empty value (RFC 7252 §3.2). `value` is an integer of at most 32 bits. */
export const encodeUint = (value: number): Uint8Array => {
  const length = value === 0 ? 0 : value < 0x100 ? 1 : value < 0x10000 ? 2 : value < 0x1000000 ? 3 : 4
  const bytes = new Uint8Array(length)
  for (let index = length - 1, rest = value; index >= 0; index -= 1, rest = Math.floor(rest / 0x100)) {
    bytes[index] = rest % 0x100
  }
  return bytes
}

/** Accepts leading zeros, as RFC 7252 §3.2 asks. `value` has at most 6 bytes, or the result would lose precision. */
export const decodeUint = (value: Uint8Array): number => {
  let result = 0
  for (let index = 0; index < value.length; index += 1) result = result * 0x100 + value[index]!
  return result
}

export const uintOption = (number: number, value: number): Option => ({ number, value: encodeUint(value) })

export const stringOption = (number: number, value: string): Option => ({ number, value: utf8Encoder.encode(value) })

/** UTF-8 text, or undefined where the bytes are not UTF-8. */
export const decodeString = (value: Uint8Array): string | undefined => {
  try {
    return utf8Decoder.decode(value)
  } catch {
    return undefined
  }
}

/** The first occurrence of `number`; a second one of a non-repeatable option has no meaning (RFC 7252 §5.4.5). */
export const findOption = (options: ReadonlyArray<Option>, number: number): Option | undefined => {
  for (let index = 0; index < options.length; index += 1) if (options[index]!.number === number) return options[index]
  return undefined
}

const utf8Encoder = new TextEncoder()
// A byte order mark is content like any other: dropping it would make two different paths equal.
const utf8Decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
