import type { PropertiesReply, RefusalReason, TraceContext } from "@roost/contracts"
import type { MistakenKey } from "@roost/enos"
import type { DeviceFacts } from "./DeviceFacts.ts"

/** How an asynchronous question to another app ended when it was not answered. */
export interface Unanswered {
  readonly _tag: "Unavailable"
  readonly reason: string
  /** It was answered, under another ROOST_CLUSTER_KEY. */
  readonly differs?: true
}

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
  /** Names the exchange for every owner of the session (`exchangeId`): the stream keeps one of each. */
  readonly id: string
  /** Sequence number of the newest record of the session so far. */
  readonly record: number
  /** Id of the message of the device's session before that this one may repeat: the bytes are the same. */
  readonly repeats: string | undefined
  /** Exactly what the device sent. */
  readonly payload: Uint8Array
  /** The span that gives it to the store, if its request is traced. */
  readonly trace: TraceContext | undefined
}

/** The key in the clear: who asks the registry opens what it sealed. */
export type PskOutcome = (
  | ({
      readonly _tag: "Found"
      readonly psk: Uint8Array
      readonly previous?: { readonly psk: Uint8Array; readonly credentialVersion: number }
      /** In mode 3, of the device's own secret. */
      readonly deviceCredentialVersion?: number
      readonly secretTooShort?: true
    } & DeviceFacts)
  | { readonly _tag: "Refused"; readonly reason: RefusalReason }
  | Unanswered
) & {
  /** Where they were asked for. */
  readonly mistakes?: ReadonlyArray<MistakenKey>
}

/** Whether the device is one that the registry has; false if it did not say. */
export const isRegistered = (outcome: PskOutcome): boolean =>
  outcome._tag === "Found" ||
  (outcome._tag === "Refused" && outcome.reason !== "UnknownProduct" && outcome.reason !== "UnknownDevice")

/** The secret in the clear: who asks the registry opens what it sealed. */
export type ActivationOutcome =
  | { readonly _tag: "Issued"; readonly assetId: string; readonly deviceSecret: string }
  | { readonly _tag: "Refused"; readonly reason: RefusalReason }
  | Unanswered

export type PropertiesOutcome = PropertiesReply | Unanswered

/** `Unknown`: it may be stored. `NotSent`: nothing left this process. */
export type SaveOutcome =
  | { readonly _tag: "Saved"; readonly revision: number }
  | { readonly _tag: "Conflict" }
  /** The store has no room, or is off: surely nothing was written. */
  | { readonly _tag: "Refused" }
  | { readonly _tag: "Unknown" }
  | { readonly _tag: "NotSent" }

/** `record` is undefined for an entry that this cluster's key does not open. */
export type ReadOutcome =
  | { readonly _tag: "Found"; readonly revision: number; readonly record: Uint8Array | undefined }
  | { readonly _tag: "None" }
  | Unanswered

/** The trace that an uplink left in the stream. */
export interface UplinkTrace {
  readonly session: string
  readonly id: string
  readonly record: number
  readonly at: number
}

export type RecallOutcome =
  | {
      readonly _tag: "Recalled"
      readonly uplinks: ReadonlyArray<UplinkTrace>
      /** Of the last change of the device's credential; 0 if none is known. */
      readonly credentialVersion: number
    }
  | Unanswered
