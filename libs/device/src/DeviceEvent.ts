import type { ReceivedCommand } from "./Command.ts"
import type { LinkEvent } from "./LinkEvent.ts"

/** The events of a device, on top of those of its link. */
export type DeviceEvent =
  | LinkEvent
  | { readonly _tag: "Connecting"; readonly identity: string; readonly secureMode: 2 | 3 }
  | { readonly _tag: "Activated"; readonly assetId: string }
  /** `count` from 1; `code` of CoAP. The payload has EnOS's own code, which may refuse where CoAP's does not. */
  | { readonly _tag: "Reported"; readonly count: number; readonly code: number; readonly payload: Uint8Array }
  | { readonly _tag: "CommandAnnounced"; readonly topic: string }
  | { readonly _tag: "CommandReceived"; readonly command: ReceivedCommand }
  /** `code` of CoAP: whether the platform took the reply. */
  | { readonly _tag: "CommandAnswered"; readonly id: string; readonly code: number }
  /** `run` lost the server and connects again after a pause. */
  | { readonly _tag: "Retrying"; readonly reason: string; readonly hint: string; readonly afterMillis: number }
