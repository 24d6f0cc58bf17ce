import type { CommandEvent, DeviceEvent, Presence, PskRequest, RefusalReason } from "@roost/contracts"
import type { DeviceFacts } from "./DeviceActor.ts"

/** How an asynchronous question to another app ended when it was not answered. */
export type Unanswered = { readonly _tag: "Unavailable"; readonly reason: string }

/** An uplink on its way into the stream UPLINK (docs/architecture.md §3). */
export interface UplinkRecord {
  readonly productKey: string
  readonly deviceKey: string
  readonly kind: string
  /** Random per session, hexadecimal. */
  readonly session: string
  /** EnOS topic without `/topic`. */
  readonly topic: string
  /** EnOS method; empty for raw bytes. */
  readonly method: string
  /** When the record was opened, milliseconds since 1970. */
  readonly at: number
  /** Exactly what the device sent. */
  readonly payload: Uint8Array
}

/**
 * What the device host asks of the rest of Roost. Each call returns at once; answers come back as calls of the host's
 * `handle*` methods with the same token, never inside the call itself.
 */
export interface Ports {
  /** Sends a frame to an edge. */
  publishFrame(edgeId: string, frame: Uint8Array): void
  /** Answered by `handlePsk`. */
  askPsk(token: number, request: PskRequest): void
  /** Answered by `handleActivation`. */
  askActivation(token: number, productKey: string, deviceKey: string, requestId: string): void
  /** Answered by `handleStored`. False: not taken, the store can't be reached or is too far behind. */
  storeUplink(token: number, uplink: UplinkRecord): boolean
  /** Answered by `handleStored` when `token` is not 0. False: not taken. */
  storeCommandEvent(token: number, productKey: string, deviceKey: string, event: CommandEvent): boolean
  publishPresence(presence: Presence): void
  publishEvent(event: DeviceEvent): void
}

/** The key in the clear: who asks the registry opens what it sealed. */
export type PskOutcome =
  | ({ readonly _tag: "Found"; readonly psk: Uint8Array } & DeviceFacts)
  | { readonly _tag: "Refused"; readonly reason: RefusalReason }
  | Unanswered

/** The secret in the clear: who asks the registry opens what it sealed. */
export type ActivationOutcome =
  | { readonly _tag: "Issued"; readonly assetId: string; readonly deviceSecret: string }
  | { readonly _tag: "Refused"; readonly reason: RefusalReason }
  | Unanswered
