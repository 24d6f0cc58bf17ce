import { type AlertName, encodeAlert, fatalAlert } from "../Alert.ts"
import { plaintextDatagram } from "../handshake/Flight.ts"
import { HandshakeType } from "../handshake/Header.ts"
import { encodeHelloVerifyRequest } from "../handshake/HelloVerifyRequest.ts"
import { ContentType, dtls10, encodePlaintextRecord } from "../record/Header.ts"

/** Server version, record version and record sequence number as RFC 6347 §4.2.1 wants them. */
export function helloVerifyRequest(sequence: number, messageSeq: number, cookie: Uint8Array): Uint8Array {
  const body = encodeHelloVerifyRequest({ version: dtls10, cookie })
  return plaintextDatagram([{ type: HandshakeType.hello_verify_request, messageSeq, body }], sequence, dtls10)
}

export function plaintextAlert(sequence: number, name: AlertName): Uint8Array {
  return encodePlaintextRecord(ContentType.alert, sequence, encodeAlert(fatalAlert(name)))
}
