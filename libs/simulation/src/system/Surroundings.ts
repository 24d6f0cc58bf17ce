import type { Crypto } from "@roost/dtls"
import type { Schedule } from "../Schedule.ts"
import type { Conditions } from "./Conditions.ts"
import type { Recording } from "./Recording.ts"
import type { SimulatedBus } from "./SimulatedBus.ts"
import type { SimulatedStore } from "./SimulatedStore.ts"
import type { Trace } from "./Trace.ts"

/** Faults that a test plants in the code around the real parts, to see that the checkers catch them. */
export interface PlantedFaults {
  /** A node tells its host that an uplink is stored when it sends it. */
  readonly acknowledgesBeforeStoring?: boolean
  /** A node serves on although its lease ran out. */
  readonly servesWithoutLease?: boolean
  /** A node reads back the first session that was stored, and its clock stands at the handshake. */
  readonly repeatsNonces?: boolean
  /** No edge hears what others tell of handshakes whose half they do not have. */
  readonly losesStrays?: boolean
}

/** The surroundings of every process of a simulated Roost. */
export interface Surroundings {
  /** Milliseconds since 1970, whole, on the wall clock and the monotonic clock of every process alike. */
  readonly now: () => number
  readonly plan: Schedule["plan"]
  readonly random: () => number
  readonly crypto: Crypto
  readonly bus: SimulatedBus
  readonly store: SimulatedStore
  readonly conditions: Conditions
  readonly recording: Recording
  readonly trace: Trace
  readonly planted: PlantedFaults
}

/** Moment at which every schedule begins, in milliseconds since 1970. */
export const epochMillis = 1_700_000_000_000
/** Partitions that have devices; the others of the cluster stay out of the schedule, since each costs writes of leases. */
export const partitionsUsed = 12
export const productKey = "pk"
export const routingKey = new Uint8Array(32).fill(7)
export const secretOf = (deviceKey: string): string => `secret of ${deviceKey}`
