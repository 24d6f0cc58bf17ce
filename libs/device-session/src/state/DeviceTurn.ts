import type { Turn } from "@roost/actors"
import type { DeviceEventKind } from "@roost/contracts"
import type { FlightRecorder } from "@roost/flight-recorder"
import type { Counters } from "./Counters.ts"
import type { DeviceEffect } from "./DeviceEffect.ts"
import type { DeviceSession } from "./DeviceSession.ts"
import type { DeviceSessionConfig } from "./DeviceSessionConfig.ts"
import type { MoreOf } from "./EventMore.ts"
import { addressOf } from "./Path.ts"

/** The turn that a device's code is given beside its input. */
export interface DeviceTurn extends Turn<DeviceEffect> {
  readonly config: DeviceSessionConfig
  readonly counters: Counters
  /** 0 inclusive to 1 exclusive. */
  readonly random: () => number
  /** The wall clock's time for a moment of the host's clock. */
  readonly wallOf: (now: number) => number
  /** Nobody was heard before this time: silence does not count from earlier. */
  deafUntil: number
  /** While it is active, whoever does something about a device says so. */
  readonly recorder: FlightRecorder
  /** Of the last question that was asked under a token of its own. */
  lastToken: number
}

/** An event about the device, for operators, at the address where the device is. */
export const report = <Kind extends DeviceEventKind>(
  turn: DeviceTurn,
  session: DeviceSession,
  kind: Kind,
  reason: string,
  ...[more]: MoreOf<Kind>
): void => {
  turn.effects.push({ _tag: "Report", kind, peer: addressOf(session), reason, more })
}
