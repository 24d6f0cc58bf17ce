import type {
  ActivateRequest,
  CommandEvent,
  DeviceEventKind,
  PeerAddress,
  Presence,
  PropertiesRequest,
  TraceContext
} from "@roost/contracts"
import type { RefusalCode } from "@roost/explain"
import type { DeviceSession } from "./DeviceSession.ts"
import type { EdgeLink } from "./EdgeLink.ts"
import type { EventMore } from "./EventMore.ts"
import type { HeardDatagram } from "./HeardDatagram.ts"
import type { Held } from "./Held.ts"
import type { UplinkRecord } from "./Outcomes.ts"
import type { HandshakeRef } from "./SavingState.ts"
import type { ScriptCall } from "./ScriptCall.ts"

/**
 * Everything that a device can want. Its host carries effects out in their order, as soon as the input that they came of is
 * handled. Answers come back as inputs, by their token.
 */
export type DeviceEffect =
  /** A CoAP message for the device; it is sealed when it is carried out. */
  | { readonly _tag: "Send"; readonly message: Uint8Array }
  /** Records for the device that its session sealed before. */
  | { readonly _tag: "SendSealed"; readonly datagram: Uint8Array }
  /** The edge is to know that the device of a verified handshake is at this address. */
  | { readonly _tag: "Route"; readonly edge: EdgeLink; readonly peer: PeerAddress }
  /** Answered by `Stored`. */
  | { readonly _tag: "StoreUplink"; readonly token: number; readonly uplink: UplinkRecord }
  /** Answered by `Stored` if `token` is not 0. */
  | {
      readonly _tag: "StoreCommandEvent"
      readonly token: number
      readonly event: CommandEvent
      readonly trace?: TraceContext
    }
  | { readonly _tag: "AskActivation"; readonly token: number; readonly request: ActivateRequest }
  | { readonly _tag: "AskProperties"; readonly token: number; readonly request: PropertiesRequest }
  | { readonly _tag: "RunScript"; readonly token: number; readonly call: ScriptCall }
  /** A question for the device's last uplink of each of these kinds, which the streams know. Answered by `Recalled`. */
  | { readonly _tag: "Recall"; readonly token: number; readonly kinds: ReadonlyArray<string> }
  /** `Write` is to come when this turn ends; with the next tick, for what would only be a nuisance if it happened twice. */
  | { readonly _tag: "SaveThisTurn" }
  | { readonly _tag: "SaveNextTick" }
  /** Writes the session over the entry of `revision`, 0 for none, or not at all. Answered by `Saved`. */
  | { readonly _tag: "SaveSession"; readonly revision: number; readonly record: Uint8Array }
  /** Answered by `Read`. */
  | { readonly _tag: "ReadSession" }
  /** Deletes the entry of exactly this revision, if it is still there. */
  | { readonly _tag: "DeleteSession"; readonly revision: number }
  | { readonly _tag: "Presence"; readonly presence: Presence }
  /** An event for operators, at this address. */
  | {
      readonly _tag: "Report"
      readonly kind: DeviceEventKind
      readonly peer: PeerAddress
      readonly reason: string
      readonly more: EventMore | undefined
    }
  /** The same of its product. */
  | {
      readonly _tag: "ReportProduct"
      readonly kind: DeviceEventKind
      readonly code: RefusalCode
      readonly reason: string
      readonly hint: () => string
    }
  /** The device has a session that the tables are to find; `previous` is the one that gave way to it. */
  | { readonly _tag: "Bound"; readonly previous: DeviceSession | undefined }
  /** The same of a session from the store. */
  | { readonly _tag: "BoundRestored" }
  /** No datagram finds the session any more; only its id does, if it may be resumed. */
  | { readonly _tag: "Unbound"; readonly session: DeviceSession; readonly mayResume: boolean }
  /** The handshake that this peer began is over, whether it made a session or not. */
  | { readonly _tag: "HandshakeOver"; readonly handshake: HandshakeRef }
  /** A full handshake took the place of this session. */
  | { readonly _tag: "Replaced"; readonly former: DeviceSession; readonly peer: PeerAddress }
  /** The datagram, or the rest of it, is to be heard as the device's next input. */
  | { readonly _tag: "Hear"; readonly heard: HeardDatagram }
  /** Entries that waited for the session are to come once more. */
  | { readonly _tag: "Replay"; readonly held: ReadonlyArray<Held> }
  /** The command is among those of the device. */
  | { readonly _tag: "CommandQueued"; readonly commandId: string }
  /** Another owner, with a larger fencing token, has written an entry of the partition. */
  | { readonly _tag: "PartitionLost" }
