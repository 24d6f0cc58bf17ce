import type {
  CommandEvent,
  DeviceEvent,
  FrameKind,
  PeerAddress,
  PskRequest,
  StrangerEvent,
  TraceContext
} from "@roost/contracts"
import type { DeviceEffect } from "../state/DeviceEffect.ts"

/** Effects of devices that leave the process as they are. */
type Outward = Extract<
  DeviceEffect,
  { readonly _tag: "StoreUplink" | "AskActivation" | "AskProperties" | "RunScript" | "DeleteSession" | "Presence" }
>

/** Effects that a device host wants of the rest of Roost. Answers come back by the host's `handle*` methods, with the same token. */
export type HostEffect =
  | Outward
  /** To an edge; good during the call only. `headers`: lines of its message, mostly none. */
  | { readonly _tag: "Frame"; readonly edgeId: string; readonly frame: Uint8Array; readonly headers: string }
  /** An entry of an edge's frame, to the node that owns the partition or is about to. */
  | {
      readonly _tag: "Forward"
      readonly edgeId: string
      readonly kind: FrameKind
      readonly partition: number
      readonly peer: PeerAddress
      readonly body: Uint8Array
    }
  /** Answered by `handlePsk`. */
  | { readonly _tag: "AskKey"; readonly token: number; readonly request: PskRequest }
  /** Answered by `handleStored` if `token` is not 0. */
  | {
      readonly _tag: "StoreCommandEvent"
      readonly token: number
      readonly productKey: string
      readonly deviceKey: string
      readonly event: CommandEvent
      readonly trace?: TraceContext
    }
  /**
   * Writes a device's session over the entry of `revision`, 0 for none, or not at all. `record` is good during the call only.
   * Answered by `handleSaved`.
   */
  | {
      readonly _tag: "SaveSession"
      readonly token: number
      readonly productKey: string
      readonly deviceKey: string
      readonly revision: number
      readonly record: Uint8Array
    }
  /** A question for the session that the store has of a device. Answered by `handleRead`. */
  | { readonly _tag: "ReadSession"; readonly token: number; readonly productKey: string; readonly deviceKey: string }
  /** A question for a device's last uplink of each kind, which the streams know. Answered by `handleRecalled`. */
  | {
      readonly _tag: "Recall"
      readonly token: number
      readonly productKey: string
      readonly deviceKey: string
      readonly kinds: ReadonlyArray<string>
    }
  | { readonly _tag: "Event"; readonly event: DeviceEvent }
  /** Of those that name no registered device. */
  | { readonly _tag: "Stranger"; readonly event: StrangerEvent }

/**
 * Carries out what the host wants. Returns at once, and answers never inside the call. False: it was not taken, since the store
 * can't be reached or is too far behind, or since there is no other node.
 */
export type CarryOut = (effect: HostEffect) => boolean
