import type { Socket } from "node:dgram"
import type { Target } from "./FleetSettings.ts"

/** A UDP socket, connected to its server. */
export interface Link<Device> {
  socket: Socket
  readonly target: Target
  readonly localAddress: string | undefined
  /** Undefined if devices share the socket: then the connection id of each record names one. */
  readonly device: Device | undefined
}
