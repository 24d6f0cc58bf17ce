/**
 * Request methods and response codes as they stand in a message. The class is in the upper three bits, the detail in the lower five
 * (RFC 7252 §3, §12.1). Codes 2.31 and 4.08 are of RFC 7959 §2.9, 4.29 of RFC 8516 §3.
 */
export const Code = {
  Empty: 0x00,
  Get: 0x01,
  Post: 0x02,
  Put: 0x03,
  Delete: 0x04,
  Fetch: 0x05,
  Patch: 0x06,
  IPatch: 0x07,
  Created: 0x41,
  Deleted: 0x42,
  Valid: 0x43,
  Changed: 0x44,
  Content: 0x45,
  Continue: 0x5f,
  BadRequest: 0x80,
  Unauthorized: 0x81,
  BadOption: 0x82,
  Forbidden: 0x83,
  NotFound: 0x84,
  MethodNotAllowed: 0x85,
  NotAcceptable: 0x86,
  RequestEntityIncomplete: 0x88,
  RequestEntityTooLarge: 0x8d,
  UnsupportedContentFormat: 0x8f,
  TooManyRequests: 0x9d,
  InternalServerError: 0xa0,
  NotImplemented: 0xa1,
  BadGateway: 0xa2,
  ServiceUnavailable: 0xa3,
  GatewayTimeout: 0xa4,
  ProxyingNotSupported: 0xa5
} as const

/** 0 request or Empty, 2 success, 4 client error, 5 server error; 1, 6 and 7 are reserved (RFC 7252 §3). */
export const codeClass = (code: number): number => code >> 5

/** The dotted form of the RFCs: 0x44 is "2.04". */
export const formatCode = (code: number): string => `${code >> 5}.${String(code & 0x1f).padStart(2, "0")}`
