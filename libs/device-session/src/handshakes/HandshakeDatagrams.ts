import { ContentType, peekRecord } from "@roost/dtls"
import { connectionIdOf, type HandshakeInProgress } from "./Handshakes.ts"

/**
 * Whether a datagram from this address can be the handshake's: plaintext handshake records, or protected ones that are
 * no data. Data belongs to the old session until the new Finished verified (RFC 6347 §4.2.8, D19).
 */
export const belongsTo = (handshake: HandshakeInProgress, datagram: Uint8Array): boolean => {
  const first = peekRecord(datagram)
  if (first === undefined) return false
  const { cidOffset, contentType } = first
  if (contentType === ContentType.handshake || contentType === ContentType.change_cipher_spec) return true
  // A device that resumes sends data right behind its Finished; the session that it had here before can't read it.
  if (contentType === ContentType.application_data) return handshake.stage === "storing"
  if (contentType !== ContentType.tls12_cid) return false
  const { pending, verified } = handshake
  if (verified !== undefined) return verified.readCidLength > 0 && verified.hasReadCid(datagram, cidOffset)
  if (pending === undefined) return false
  if ("hasConnectionId" in pending) return pending.hasConnectionId(datagram, cidOffset)
  const cid = connectionIdOf(pending)
  if (cid.length === 0) return false
  for (let i = 0; i < cid.length; i++) if (cid[i] !== datagram[cidOffset + i]) return false
  return true
}

/** Keeps what comes while a verified session is stored; its device repeats what there is no room for. */
export const keepEarly = (early: Array<Uint8Array> | undefined, datagram: Uint8Array): void => {
  if (early === undefined || early.length >= earlyMax) return
  const bytes = early.reduce((sum, { length }) => sum + length, datagram.length)
  if (bytes <= earlyBytesMax) early.push(new Uint8Array(datagram))
}

/** Datagrams and bytes. */
const earlyMax = 8
const earlyBytesMax = 4096
