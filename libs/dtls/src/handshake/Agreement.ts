import type { CipherSuite } from "../CipherSuite.ts"
import { plaintextBytesMax } from "../record/Protection.ts"
import type { ClientHello } from "./ClientHello.ts"
import type { ServerHello } from "./ServerHello.ts"

/** The agreement of a pair of hellos. */
export interface Agreement {
  readonly suite: CipherSuite
  /** RFC 7627. */
  readonly extendedMasterSecret: boolean
  /** RFC 7366. */
  readonly encryptThenMac: boolean
  /** In records to the client; empty if RFC 9146 was not negotiated or the client wants none. */
  readonly clientCid: Uint8Array
  /** In records to the server; empty likewise. */
  readonly serverCid: Uint8Array
  /** Largest plaintext of a record to the client, in bytes (RFC 8449, RFC 6066 §4). */
  readonly toClientBytesMax: number
  /** Largest plaintext of a record to the server, in bytes. */
  readonly toServerBytesMax: number
}

/** Both sides derive the same from the two hellos; `suite` is the server's choice, checked by the caller. */
export function agreementOf(client: ClientHello, server: ServerHello, suite: CipherSuite): Agreement {
  const ofClient = client.extensions
  const ofServer = server.extensions
  const useCid = ofServer.connectionId !== undefined && ofClient.connectionId !== undefined
  const clientCid = useCid ? ofClient.connectionId! : noCid
  const serverCid = useCid ? ofServer.connectionId! : noCid
  const fragmentBytesMax = ofServer.maxFragmentLength ?? plaintextBytesMax
  // RFC 8449 §5: with record_size_limit, max_fragment_length is ignored.
  const limited = ofServer.recordSizeLimit !== undefined
  return {
    suite,
    extendedMasterSecret: ofClient.extendedMasterSecret && ofServer.extendedMasterSecret,
    encryptThenMac: ofClient.encryptThenMac && ofServer.encryptThenMac,
    clientCid,
    serverCid,
    toClientBytesMax: contentMax(limited ? ofClient.recordSizeLimit : fragmentBytesMax, clientCid),
    toServerBytesMax: contentMax(limited ? ofServer.recordSizeLimit : fragmentBytesMax, serverCid)
  }
}

/** The limit holds for DTLSInnerPlaintext too, whose real type takes one byte (RFC 9146 §4). */
function contentMax(limit: number | undefined, cid: Uint8Array): number {
  return Math.min(limit ?? plaintextBytesMax, plaintextBytesMax) - (cid.length > 0 ? 1 : 0)
}

const noCid = new Uint8Array(0)
