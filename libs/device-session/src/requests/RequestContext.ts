import type { Request } from "@roost/coap"
import type { DeviceSession } from "../state/DeviceSession.ts"
import type { DeviceState } from "../state/DeviceState.ts"

/** A request of a device, and where its answer goes. */
export interface RequestContext {
  readonly device: DeviceState
  /** The session that it came by: no other may answer it. */
  readonly session: DeviceSession
  /** Of `session.exchanges`. */
  readonly exchange: number
  readonly request: Request
  /** The device's own bytes, where `request` has what its product's script read in them. */
  readonly original: Request | undefined
  /** The same message came in the device's session before. */
  readonly mayRepeat: boolean
}
