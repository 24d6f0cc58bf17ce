import { formatPeerAddress, type Recorded } from "@roost/contracts"
import { type Tapped, wantsSecrets } from "@roost/flight-recorder"
import type { DeviceInput } from "../device/DeviceInput.ts"
import type { DeviceEffect } from "../state/DeviceEffect.ts"
import type { DeviceTurn } from "../state/DeviceTurn.ts"
import type { NamedDevice } from "../state/NamedDevice.ts"
import type { SessionCandidate } from "../state/SavingState.ts"
import { note, tappedOf } from "./SessionRecords.ts"

/** Records an input of a device that is no datagram. */
export const recordInput = (turn: DeviceTurn, device: NamedDevice, input: DeviceInput): void => {
  const tapped = tappedOf(turn, device, undefined)
  if (tapped === undefined) return
  if (input._tag === "Verified") return recordVerified(turn, tapped, input.candidate)
  const what = inputOf(input)
  if (what !== undefined) note(turn, tapped, what)
}

/** The secrets only where the recording was asked to have them. */
const recordVerified = (turn: DeviceTurn, tapped: Tapped, { isResumption, peer, session }: SessionCandidate): void => {
  const text = `the Finished of ${isResumption ? "a resumption" : "a full handshake"} verified; the session is stored before it is answered`
  note(turn, tapped, { _tag: "Handshake", step: "verified", text })
  if (!wantsSecrets(tapped)) return
  const masterSecret = session.dtls.masterSecret.toHex()
  note(turn, tapped, { _tag: "Secret", peer: formatPeerAddress(peer), masterSecret })
}

const inputOf = (input: DeviceInput): Recorded | undefined => {
  switch (input._tag) {
    case "Stored":
      return { _tag: "Store", what: input.waiting.kind, outcome: input.stored ? "stored" : "not stored" }
    case "Saved":
      return { _tag: "Store", what: "session", outcome: input.outcome._tag }
    case "Read":
      return { _tag: "Store", what: "session read back", outcome: input.outcome._tag }
    case "Recalled":
      return { _tag: "Store", what: "last uplinks", outcome: input.outcome._tag }
    case "Activated":
      return { _tag: "Store", what: "registry, activation", outcome: input.outcome._tag }
    case "Properties":
      return { _tag: "Store", what: "registry, attributes and tags", outcome: input.outcome._tag }
    case "Converted":
      return { _tag: "Store", what: "script", outcome: input.conversion._tag }
    case "Command":
      return { _tag: "Command", event: "queued", commandId: input.command.id }
    case "CommandGone":
      return { _tag: "Command", event: "over", commandId: input.commandId }
    case "Revoked":
    case "CredentialChanged":
      return { _tag: "Owner", text: "the device's credential changed" }
    case "Restored":
      return { _tag: "Owner", text: "this node took the device over: its session is as the store has it" }
    case "Leaving":
      return { _tag: "Owner", text: "another node is to have the device" }
    default:
      return undefined
  }
}

/** Records an effect that a device wants carried out. */
export const recordEffect = (turn: DeviceTurn, device: NamedDevice, effect: DeviceEffect): void => {
  const tapped = tappedOf(turn, device, undefined)
  const what = tapped && effectOf(effect)
  if (tapped !== undefined && what !== undefined) note(turn, tapped, what)
}

const effectOf = (effect: DeviceEffect): Recorded | undefined => {
  switch (effect._tag) {
    case "StoreUplink":
      return { _tag: "Store", what: `uplink ${effect.uplink.kind}, ${effect.uplink.topic}`, outcome: "asked" }
    case "SaveSession":
      return { _tag: "Store", what: "session", outcome: "asked" }
    case "StoreCommandEvent":
      return { _tag: "Command", event: effect.event._tag, commandId: effect.event.commandId }
    case "Presence":
      return { _tag: "Presence", state: effect.presence.state, cause: effect.presence.cause }
    case "Bound":
      return { _tag: "Handshake", step: "established", text: "the session is stored, and the device has it" }
    case "Unbound":
      return { _tag: "Handshake", step: "ended", text: "no datagram finds the session any more" }
    case "PartitionLost":
      return { _tag: "Owner", text: "another node owns the device's partition" }
    default:
      return undefined
  }
}
