import { ContentType, peekRecord } from "@roost/dtls"
import { connectionIdOf, type HandshakeState } from "./HandshakeState.ts"

/**
 * Whether a datagram from this address can be the handshake's: plaintext handshake records, or protected ones that are
 * no data. Data belongs to the old session until the new Finished verified (RFC 6347 §4.2.8, D19).
 */
export const belongsTo = (state: HandshakeState, datagram: Uint8Array): boolean => {
  const first = peekRecord(datagram)
  if (first === undefined) return false
  const { cidOffset, contentType } = first
  if (contentType === ContentType.handshake || contentType === ContentType.change_cipher_spec) return true
  // A device that resumes sends data right behind its Finished; the session that it had here before can't read it.
  if (contentType === ContentType.application_data) return state._tag === "Storing"
  if (contentType !== ContentType.tls12_cid) return false
  switch (state._tag) {
    case "AwaitKey":
    case "AwaitFinished":
      return state.pending.hasConnectionId(datagram, cidOffset)
    case "Storing":
      return state.session.readCidLength > 0 && state.session.hasReadCid(datagram, cidOffset)
    case "AwaitResumed": {
      const cid = connectionIdOf(state)
      return cid.length > 0 && cid.every((octet, i) => octet === datagram[cidOffset + i])
    }
  }
}
