import type { Conversion } from "@roost/raw-script"
import type { WaitingRequest } from "../requests/WaitingRequests.ts"
import type { EdgeLink } from "../state/EdgeLink.ts"
import type { HeardDatagram } from "../state/HeardDatagram.ts"
import type { Held } from "../state/Held.ts"
import type {
  ActivationOutcome,
  PropertiesOutcome,
  ReadOutcome,
  RecallOutcome,
  SaveOutcome
} from "../state/Outcomes.ts"
import type { PendingCommand } from "../state/PendingCommands.ts"
import type { WriteDue } from "../state/Saving.ts"
import type { SessionCandidate } from "../state/SavingState.ts"
import type { StoredSession } from "../state/StoredSession.ts"

/** Everything that a device hears. */
export type DeviceInput =
  /** A datagram that its address or its connection id shows to be the device's. */
  | HeardDatagram
  /** The same while its session is as it came from the store. */
  | { readonly _tag: "Hold"; readonly held: Held }
  /** A handshake verified. `clientRandomBits`: of a full one, see `DeviceState.repeatsRandom`. */
  | { readonly _tag: "Verified"; readonly candidate: SessionCandidate; readonly clientRandomBits: number | undefined }
  /** The secret of its session is not the device's any more. */
  | { readonly _tag: "Revoked" }
  /** The device's secret changed, or it was disabled, enabled or deleted. */
  | { readonly _tag: "CredentialChanged"; readonly version: number }
  /** Its entry of the bucket SESSIONS came with its partition. */
  | {
      readonly _tag: "Restored"
      readonly stored: StoredSession
      readonly revision: number
      readonly edge: EdgeLink
    }
  /** All of its partition is here, which is served from now on. */
  | { readonly _tag: "Opened" }
  /** Its partition is given up: the last state is to be stored. */
  | { readonly _tag: "Leaving" }
  /** The state that was to be stored is to be written now. */
  | { readonly _tag: "Write"; readonly due: WriteDue }
  | { readonly _tag: "Saved"; readonly outcome: SaveOutcome }
  /** `fencingToken`: as `WriteDue.fencingToken`. */
  | { readonly _tag: "Read"; readonly outcome: ReadOutcome; readonly fencingToken: number | undefined }
  | { readonly _tag: "Recalled"; readonly token: number; readonly outcome: RecallOutcome }
  /** The store has what a request waits for, or could not take it. */
  | { readonly _tag: "Stored"; readonly waiting: WaitingRequest; readonly stored: boolean }
  | {
      readonly _tag: "Activated"
      readonly waiting: WaitingRequest
      readonly token: number
      readonly outcome: ActivationOutcome
    }
  | { readonly _tag: "Properties"; readonly waiting: WaitingRequest; readonly outcome: PropertiesOutcome }
  | { readonly _tag: "Converted"; readonly waiting: WaitingRequest; readonly conversion: Conversion }
  /** An entry of the bucket COMMANDS that is not finished. */
  | { readonly _tag: "Command"; readonly command: PendingCommand }
  | { readonly _tag: "CommandGone"; readonly commandId: string }
  /** The wall clock was set forward by so many milliseconds, or back. */
  | { readonly _tag: "ClockStep"; readonly millis: number }
