import { Timed } from "@roost/actors"
import type { Client, Session } from "@roost/dtls"
import type { Link } from "./Link.ts"
import type { Awaited } from "./Verification.ts"

export const Activity = {
  /** No session; its timer, if set, begins another handshake. */
  Offline: 0,
  /** Waits for its turn to handshake. */
  Queued: 1,
  Handshaking: 2,
  /** Online, and may send. */
  Ready: 3,
  /** A request is on its way. */
  Waiting: 4,
  /** Online, between a response and the next request. */
  Thinking: 5
} as const
export type Activity = (typeof Activity)[keyof typeof Activity]

/** The command that a device fetches, and what it is to reply. */
export interface FollowedCommand {
  readonly path: string
  /** Undefined while it is fetched. */
  readonly reply: Uint8Array | undefined
  /** How many came before it in one waking. */
  readonly count: number
}

/** One device, as small as it goes: a process has 50 000. Its one timer serves whatever it is doing. */
export class LoadDevice extends Timed implements Awaited {
  readonly index: number
  readonly confirmable: boolean
  activity: Activity = Activity.Offline
  link: Link<LoadDevice> | undefined = undefined
  /** While it handshakes. */
  client: Client | undefined = undefined
  session: Session | undefined = undefined
  /** To be resumed. */
  lastSession: Session | undefined = undefined
  /** Handshakes that failed since the last session. */
  failures = 0
  sessions = 0
  /** When the first ClientHello left. */
  handshakeFrom = 0
  /** Whether the phase waits for what becomes of this device. */
  isAwaited = false
  /** Storm: when it was to wake up; its first uplink counts from there. -1: it is not to wake up. */
  wokenAt = -1
  /** Whether it is in the line of those that may send. */
  isInLine = false

  sequence: number
  messageId: number
  /** Message ids used since `messageIdsFrom`. */
  messageIdsUsed = 0
  messageIdsFrom = 0
  intendedAt = 0
  transmissions = 0
  timeoutMillis = 0
  acknowledged = false
  command: FollowedCommand | undefined = undefined

  /** `random` in [0, 1): tokens and message ids begin anywhere (RFC 7252 §4.4, §5.3.1). */
  constructor(index: number, confirmable: boolean, random: () => number) {
    super()
    this.index = index
    this.confirmable = confirmable
    this.sequence = Math.floor(random() * 0x4000_0000)
    this.messageId = Math.floor(random() * 0x1_0000)
  }

  get isWaiting(): boolean {
    return this.activity === Activity.Waiting
  }

  get isOnline(): boolean {
    return this.activity >= Activity.Ready
  }
}
