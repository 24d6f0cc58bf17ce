import type { WakeKind } from "./FleetSettings.ts"

export interface ConnectOptions {
  /** The first device and how many; the whole fleet without them. */
  readonly first?: number
  readonly count?: number
  /** Devices that had a session ask for it back. */
  readonly resume?: boolean
  /** The handshakes begin evenly over this time; 0: as fast as `inFlightMax` lets them. */
  readonly overSeconds?: number
  /** Handshakes on their way; without it `FleetSettings.handshakesInFlight`. */
  readonly inFlightMax?: number
  /** Each device closes its socket after its handshake without a word, as a device does that sleeps. */
  readonly thenLeave?: boolean
}

export interface LoadOptions {
  /** Open loop: requests per second over all devices, whatever the server does. 0: closed loop. */
  readonly ratePerSecond: number
  /** Closed loop: requests on their way over all devices; 0: one per device. */
  readonly requestsInFlight: number
  /** Closed loop: a device waits this long, ± half of it, between a response and its next request. */
  readonly thinkMillis: number
  /** Devices per second that drop their session and handshake again. */
  readonly churnPerSecond: number
  /** Devices per second that go on from another local port. */
  readonly rebindPerSecond: number
  /** The process has a core of its own: an open loop looks at the clock all the time instead of sleeping until it is due. */
  readonly spins: boolean
}

export interface WakeOptions {
  /** The first so many devices wake up. */
  readonly count: number
  readonly kind: WakeKind
  /** They wake up evenly over this time. */
  readonly overSeconds: number
}

export const noLoad: LoadOptions = {
  ratePerSecond: 0,
  requestsInFlight: 0,
  thinkMillis: 0,
  churnPerSecond: 0,
  rebindPerSecond: 0,
  spins: false
}
