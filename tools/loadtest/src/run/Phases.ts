import type { Fleet } from "@roost/load"
import type { LoadConfig } from "../LoadConfig.ts"
import type { PhaseName } from "../Report.ts"

/**
 * Calls the fleet's verbs that a phase consists of. Resolves when the phase has done what it is for: `connect`, `reconnect`,
 * `storm`, `drain`. Undefined for the others, which last as long as they are left to.
 */
export const enterPhase = (
  fleet: Fleet,
  phase: PhaseName,
  before: PhaseName,
  config: LoadConfig
): Promise<unknown> | undefined => {
  switch (phase) {
    case "connect":
      fleet.grow(config.devices)
      return fleet.connect({ overSeconds: config.rampSeconds })
    case "warmup":
    case "steady":
      // The load goes on: a pause between the two would show in the first second that counts.
      if (before !== "warmup") fleet.load(config)
      return undefined
    case "drain":
      return fleet.drain()
    case "idle":
      fleet.rest()
      return undefined
    case "reconnect":
      return fleet.connect({ resume: config.reconnectKind === "resume" })
    case "storm":
      return fleet.wake({ count: config.stormDevices, kind: config.stormKind, overSeconds: config.stormSeconds })
  }
}
