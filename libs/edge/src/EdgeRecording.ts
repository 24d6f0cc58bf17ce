import { formatPeerAddress, type PeerAddress } from "@roost/contracts"
import type { FrontOutcome } from "@roost/dtls"
import { parseIdentity } from "@roost/enos"
import type { FlightRecorder } from "@roost/flight-recorder"
import * as Result from "effect/Result"
import type { DropReason } from "./EdgeCounters.ts"

/*
 * The recordings of an edge, while somebody asked for them: what its own half of handshakes takes and says, and what it drops. The
 * owner of the device records what the edge passes on.
 */

export const recordDatagram = (
  recorder: FlightRecorder,
  now: number,
  direction: "in" | "out",
  peer: PeerAddress,
  datagram: Uint8Array
): void =>
  recorder.ofUnnamed(now, peer, {
    _tag: "Datagram",
    direction,
    peer: formatPeerAddress(peer),
    bytes: datagram.toBase64()
  })

/** A datagram of a handshake, and what the front half made of it. */
export const recordFront = (
  recorder: FlightRecorder,
  now: number,
  peer: PeerAddress,
  datagram: Uint8Array,
  outcome: FrontOutcome
): void => {
  if (outcome._tag === "Forward") return
  recordDatagram(recorder, now, "in", peer, datagram)
  recorder.ofUnnamed(now, peer, { _tag: "Handshake", step: outcome._tag, text: steps[outcome._tag] })
  if (outcome._tag !== "HandOff") return
  const named = parseIdentity(outcome.identity)
  const { deviceKey, productKey } = Result.isSuccess(named) ? named.success : named.failure
  if (productKey !== undefined && deviceKey !== undefined) recorder.named(peer, productKey, deviceKey)
}

const steps: Readonly<Record<Exclude<FrontOutcome["_tag"], "Forward">, string>> = {
  Reply: "the edge answers by itself: another cookie, ServerHello, or an alert",
  HandOff: "ClientKeyExchange names a device, whose owner goes on",
  Resume: "ClientHello names a session, and every node is asked for it",
  Kept: "kept until the rest comes",
  Dropped: "dropped"
}

export const recordDrop = (
  recorder: FlightRecorder,
  now: number,
  peer: PeerAddress,
  reason: DropReason,
  code: string | undefined
): void =>
  recorder.ofUnnamed(now, peer, {
    _tag: "Decision",
    decision: `the edge dropped it: ${reason}`,
    row: "",
    ...(code !== undefined && { code })
  })
