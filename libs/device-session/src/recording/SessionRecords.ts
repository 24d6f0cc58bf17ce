import { formatPeerAddress, type PeerAddress, type Recorded } from "@roost/contracts"
import { type Opened, peekRecord, PendingHandshake } from "@roost/dtls"
import { parseIdentity, printableText } from "@roost/enos"
import { joined, type Tapped } from "@roost/flight-recorder"
import * as Result from "effect/Result"
import type { DeviceTurn } from "../state/DeviceTurn.ts"
import type { HeardDatagram } from "../state/HeardDatagram.ts"
import type { NamedDevice } from "../state/NamedDevice.ts"

/* Records of a device or an address while somebody asked for them: called only while a recording runs. */

/** Of a device, whose address is known by it, and of the address. */
export const tappedOf = (
  { recorder }: DeviceTurn,
  device: NamedDevice | undefined,
  peer: PeerAddress | undefined
): Tapped | undefined => {
  const tapped = device && recorder.ofDevice(device.productKey, device.deviceKey)
  if (peer === undefined) return tapped
  if (tapped !== undefined) recorder.bind(peer, tapped)
  return joined(tapped, recorder.ofPeer(peer))
}

export const note = (turn: DeviceTurn, tapped: Tapped, what: Recorded): void =>
  turn.recorder.note(turn.now, tapped, what)

/** A datagram from an edge, or for one. */
export const recordDatagram = (
  turn: DeviceTurn,
  device: NamedDevice | undefined,
  direction: "in" | "out",
  peer: PeerAddress,
  datagram: Uint8Array
): void => {
  const tapped = tappedOf(turn, device, peer)
  if (tapped === undefined) return
  note(turn, tapped, { _tag: "Datagram", direction, peer: formatPeerAddress(peer), bytes: base64(datagram) })
}

/** Records the half that an edge handed over: whoever is there is the device that it names, or says so. */
export const recordHalf = (turn: DeviceTurn, peer: PeerAddress, half: Uint8Array): void => {
  const pending = PendingHandshake.fromHalf(half)
  if (Result.isFailure(pending)) return
  const parsed = parseIdentity(pending.success.identity)
  const { deviceKey, productKey } = Result.isSuccess(parsed) ? parsed.success : parsed.failure
  if (productKey === undefined || deviceKey === undefined) return
  const tapped = tappedOf(turn, { productKey, deviceKey }, peer)
  if (tapped === undefined) return
  const text = `the key exchange names ${printableText(pending.success.identity)}; its Finished is tried, and the registry asked for its key`
  note(turn, tapped, { _tag: "Handshake", step: "named", text })
}

/** A message that was sealed, with the record that carries it. */
export const recordSealed = (
  turn: DeviceTurn,
  device: NamedDevice,
  peer: PeerAddress,
  message: Uint8Array,
  record: Uint8Array
): void => {
  const tapped = tappedOf(turn, device, peer)
  if (tapped === undefined) return
  recordDatagram(turn, device, "out", peer, record)
  note(turn, tapped, { _tag: "Record", direction: "out", ...headerOf(record, 0), outcome: "sealed" })
  note(turn, tapped, { _tag: "Message", direction: "out", peer: formatPeerAddress(peer), bytes: base64(message) })
}

/** A record of the session that was opened, or was not. */
export const recordOpened = (
  turn: DeviceTurn,
  device: NamedDevice,
  heard: HeardDatagram,
  opened: Opened,
  offset: number
): void => {
  const tapped = tappedOf(turn, device, heard.peer)
  if (tapped === undefined) return
  const outcome = opened._tag === "Dropped" ? opened.reason : `opened: ${opened._tag}`
  note(turn, tapped, { _tag: "Record", direction: "in", ...headerOf(heard.datagram, offset), outcome })
  if (opened._tag !== "ApplicationData") return
  const peer = formatPeerAddress(heard.peer)
  note(turn, tapped, { _tag: "Message", direction: "in", peer, bytes: base64(opened.plaintext) })
}

const headerOf = (datagram: Uint8Array, offset: number) => {
  const header = peekRecord(datagram.subarray(offset))
  return {
    contentType: datagram[offset] ?? 0,
    epoch: header?.epoch ?? 0,
    // RFC 6347 §4.1: 48 bits behind type, version and epoch.
    sequence:
      datagram.length < offset + 11 ? 0 : Buffer.from(datagram.buffer, datagram.byteOffset).readUIntBE(offset + 5, 6)
  }
}

const base64 = (bytes: Uint8Array): string => bytes.toBase64()
