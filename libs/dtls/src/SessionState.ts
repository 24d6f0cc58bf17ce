import * as Result from "effect/Result"
import { isCipherSuite, writeKeyBytes, writeSaltBytes } from "./CipherSuite.ts"
import type { StateError } from "./errors.ts"
import { packBytes, unpackBytes } from "./internal/bytes.ts"
import { Reader } from "./internal/Reader.ts"
import { Writer } from "./internal/Writer.ts"
import { masterSecretBytes, verifyDataBytes } from "./KeySchedule.ts"
import { type LastFlight, Session } from "./Session.ts"

/** First byte of every serialised session. */
export const sessionStateVersion = 1

const extendedMasterSecretFlag = 1
const encryptThenMacFlag = 2
const closedFlag = 4
const lastFlightFlag = 8
const nothingReceivedFlag = 16

/**
 * All of a session, keys in clear: to be encrypted before it leaves the process. 155 bytes with CCM_8 and no connection ids.
 * `writeLimit` is written in place of the session's own: the end of a block that is reserved by what is written being stored.
 */
export function serializeSession(session: Session, writeLimit = session.writeLimit): Uint8Array {
  const { lastFlight } = session
  const writer = new Writer()
    .uint8(sessionStateVersion)
    .uint8(
      (session.extendedMasterSecret ? extendedMasterSecretFlag : 0) |
        (session.encryptThenMac ? encryptThenMacFlag : 0) |
        (session.closed ? closedFlag : 0) |
        (lastFlight === undefined ? 0 : lastFlightFlag) |
        (session.highest < 0 ? nothingReceivedFlag : 0)
    )
    .uint16(session.suite)
    .uint8(session.sessionIdLength)
    .uint8(session.readCidLength)
    .uint8(session.writeCidLength)
    .uint16(session.writeBytesMax)
    .uint48(session.writeSequence)
    .uint48(writeLimit)
    .uint48(Math.max(0, session.highest))
    .uint32(session.recent >>> 0)
    .uint32(session.older >>> 0)
    .put(session.secrets)
  if (lastFlight !== undefined) {
    writer.uint16(lastFlight.messageSeq).uint48(lastFlight.plaintextSequence).put(unpackBytes(lastFlight.verifyData))
  }
  return writer.finish()
}

export function deserializeSession(bytes: Uint8Array): Result.Result<Session, StateError> {
  const reader = new Reader(bytes)
  const version = reader.uint8()
  if (version !== sessionStateVersion) {
    const expected = `session version ${sessionStateVersion}`
    return Result.fail({ by: "local", reason: "UnknownVersion", expected, got: version })
  }
  const flags = reader.uint8()
  const suite = reader.uint16()
  if (!isCipherSuite(suite)) {
    return Result.fail({ by: "local", reason: "IllegalValue", expected: "cipher suite", got: suite })
  }
  const sessionIdLength = reader.uint8()
  const readCidLength = reader.uint8()
  const writeCidLength = reader.uint8()
  const writeBytesMax = reader.uint16()
  const writeSequence = reader.uint48()
  const writeLimit = reader.uint48()
  const received = reader.uint48()
  const recent = reader.uint32() | 0
  const older = reader.uint32() | 0
  const keys = 2 * (writeKeyBytes + writeSaltBytes(suite))
  const secrets = reader.take(keys + masterSecretBytes + sessionIdLength + readCidLength + writeCidLength)
  const lastFlight = (flags & lastFlightFlag) === 0 ? undefined : readLastFlight(reader)
  if (!reader.complete) return Result.fail({ by: "local", reason: "Truncated", expected: "session" })
  return Result.succeed(
    new Session({
      suite,
      extendedMasterSecret: (flags & extendedMasterSecretFlag) !== 0,
      encryptThenMac: (flags & encryptThenMacFlag) !== 0,
      closed: (flags & closedFlag) !== 0,
      secrets,
      sessionIdLength,
      readCidLength,
      writeCidLength,
      writeBytesMax,
      writeSequence,
      writeLimit,
      highest: (flags & nothingReceivedFlag) === 0 ? received : -1,
      recent,
      older,
      lastFlight
    })
  )
}

function readLastFlight(reader: Reader): LastFlight {
  return {
    messageSeq: reader.uint16(),
    plaintextSequence: reader.uint48(),
    verifyData: packBytes(reader.take(verifyDataBytes))
  }
}
