import * as Result from "effect/Result"
import type { DecodeError } from "../errors.ts"
import { Reader } from "../internal/Reader.ts"
import { Writer } from "../internal/Writer.ts"

export const ExtensionType = {
  /** RFC 6066 §4. */
  max_fragment_length: 1,
  /** RFC 7366. */
  encrypt_then_mac: 22,
  /** RFC 7627. */
  extended_master_secret: 23,
  /** RFC 8449. */
  record_size_limit: 28,
  /** RFC 8446 §4.2.1, RFC 9147 §5.3. */
  supported_versions: 43,
  /** RFC 9146; 53 was an earlier draft's number. */
  connection_id: 54,
  /** RFC 5746. */
  renegotiation_info: 0xff01
} as const

/**
 * The answers of both hellos by extension; undefined and false mean that the extension is absent. Extensions with other
 * numbers are ignored (RFC 5246 §7.4.1.4), and none has to be in a certain place.
 */
export interface HelloExtensions {
  readonly extendedMasterSecret: boolean
  readonly encryptThenMac: boolean
  /** `renegotiated_connection`: empty in an initial handshake. */
  readonly renegotiationInfo: Uint8Array | undefined
  /** The id that the sender wants to find in records sent to it; may be empty. */
  readonly connectionId: Uint8Array | undefined
  /** In bytes: 512, 1024, 2048 or 4096, else `unknownFragmentLength`. */
  readonly maxFragmentLength: number | undefined
  /** In bytes of plaintext that the sender is ready to receive; below `recordSizeLimitMin` it is illegal. */
  readonly recordSizeLimit: number | undefined
  /** The versions that a client speaks, the preferred one first. No server of DTLS 1.2 answers it. */
  readonly supportedVersions: ReadonlyArray<number> | undefined
}

export const noExtensions: HelloExtensions = {
  extendedMasterSecret: false,
  encryptThenMac: false,
  renegotiationInfo: undefined,
  connectionId: undefined,
  maxFragmentLength: undefined,
  recordSizeLimit: undefined,
  supportedVersions: undefined
}

/** Stands for a max_fragment_length code that RFC 6066 §4 does not define. */
export const unknownFragmentLength = 0

/** RFC 8449 §4. */
export const recordSizeLimitMin = 64

/** Writes the extensions field of a hello with its length; nothing at all if there is nothing to say. */
export function putExtensions(list: Writer, extensions: HelloExtensions): Writer {
  const lengthAt = list.skip16()
  const { renegotiationInfo, connectionId, maxFragmentLength, recordSizeLimit, supportedVersions } = extensions
  if (renegotiationInfo !== undefined) {
    put(list, ExtensionType.renegotiation_info, renegotiationInfo.length + 1).vector8(renegotiationInfo)
  }
  if (extensions.extendedMasterSecret) put(list, ExtensionType.extended_master_secret, 0)
  if (extensions.encryptThenMac) put(list, ExtensionType.encrypt_then_mac, 0)
  if (maxFragmentLength !== undefined) {
    put(list, ExtensionType.max_fragment_length, 1).uint8(Math.log2(maxFragmentLength) - 8)
  }
  if (recordSizeLimit !== undefined) put(list, ExtensionType.record_size_limit, 2).uint16(recordSizeLimit)
  if (supportedVersions !== undefined) {
    put(list, ExtensionType.supported_versions, 1 + 2 * supportedVersions.length).uint8(2 * supportedVersions.length)
    for (const version of supportedVersions) list.uint16(version)
  }
  if (connectionId !== undefined) {
    put(list, ExtensionType.connection_id, connectionId.length + 1).vector8(connectionId)
  }
  // An empty list is no list: RFC 5246 §7.4.1.4 has a hello without extensions end before its length.
  if (list.length === lengthAt + 2) list.length = lengthAt
  else list.fill16(lengthAt)
  return list
}

/** Reads the extensions field, which is everything behind a hello's last mandatory field and may be missing. */
export function decodeExtensions(
  reader: Reader,
  message: "client_hello" | "server_hello"
): Result.Result<HelloExtensions, DecodeError> {
  if (reader.remaining === 0 && !reader.failed) return Result.succeed(noExtensions)
  const length = reader.uint16()
  if (length !== reader.remaining) return Result.fail({ by: "peer", reason: "Truncated", message, what: "extensions" })
  const found: { -readonly [Key in keyof HelloExtensions]: HelloExtensions[Key] } = { ...noExtensions }
  let seen = 0
  while (reader.remaining > 0) {
    const type = reader.uint16()
    const size = reader.uint16()
    if (size > reader.remaining || reader.failed) {
      return Result.fail({ by: "peer", reason: "Truncated", message, what: "extensions" })
    }
    const bit = knownBit(type)
    if ((seen & bit) !== 0) {
      return Result.fail({ by: "peer", reason: "DuplicateExtension", message, what: String(type) })
    }
    seen |= bit
    const problem = bit === 0 ? undefined : readExtension(type, reader, size, message, found)
    reader.skip(size)
    if (problem !== undefined) return Result.fail({ by: "peer", reason: "IllegalValue", message, what: problem })
  }
  return Result.succeed(found)
}

/** The name of the extension if its data, which is next in `reader` and left there, is not what its RFC says. */
function readExtension(
  type: number,
  reader: Reader,
  size: number,
  message: "client_hello" | "server_hello",
  found: { -readonly [Key in keyof HelloExtensions]: HelloExtensions[Key] }
): string | undefined {
  // These two are empty, and in nearly every hello.
  switch (type) {
    case ExtensionType.extended_master_secret:
      // The extension is empty; a sender that put something there meant it all the same.
      found.extendedMasterSecret = true
      return undefined
    case ExtensionType.encrypt_then_mac:
      found.encryptThenMac = true
      return undefined
  }
  const data = new Reader(reader.bytes, reader.offset, reader.offset + size)
  switch (type) {
    case ExtensionType.renegotiation_info:
      found.renegotiationInfo = data.vector8()
      return data.complete ? undefined : "renegotiation_info"
    case ExtensionType.connection_id:
      found.connectionId = data.vector8()
      return data.complete ? undefined : "connection_id"
    case ExtensionType.max_fragment_length: {
      const code = data.uint8()
      found.maxFragmentLength = code >= 1 && code <= 4 ? 2 ** (8 + code) : unknownFragmentLength
      return data.complete ? undefined : "max_fragment_length"
    }
    case ExtensionType.record_size_limit:
      found.recordSizeLimit = data.uint16()
      return data.complete ? undefined : "record_size_limit"
    case ExtensionType.supported_versions:
      // A ServerHello has another shape, and only of versions that nobody here speaks.
      if (message === "server_hello") return undefined
      found.supportedVersions = readVersions(data)
      return data.complete ? undefined : "supported_versions"
    default:
      return undefined
  }
}

function readVersions(data: Reader): ReadonlyArray<number> {
  const versions: Array<number> = []
  for (let left = data.uint8(); left >= 2 && !data.failed; left -= 2) versions.push(data.uint16())
  return versions
}

/** Of those that have an effect here; 0 for the others, which are skipped, however often they come. */
function knownBit(type: number): number {
  const index = knownTypes.indexOf(type)
  return index < 0 ? 0 : 1 << index
}

const knownTypes: ReadonlyArray<number> = Object.values(ExtensionType)

function put(list: Writer, type: number, length: number): Writer {
  return list.uint16(type).uint16(length)
}
