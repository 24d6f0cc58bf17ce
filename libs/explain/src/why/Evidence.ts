/** An event of a device's log, or of the strangers, as far as it is looked at. Times in milliseconds since 1970. */
export interface SeenEvent {
  readonly at: number
  readonly kind: string
  /** Absent where nothing was refused, and from nodes of an older version. */
  readonly code?: string | undefined
  readonly reason: string
  readonly address?: string | undefined
  readonly identity?: string | undefined
  /** How many were alike. */
  readonly times?: number | undefined
  /** Of a stranger. */
  readonly meant?: MeantDevice | undefined
}

/** A device that is registered, and was named by other keys. */
export interface MeantDevice {
  readonly productKey: string
  readonly deviceKey: string
  /** The fault of the keys that were named. */
  readonly fault: "swapped" | "capitals"
}

export interface SeenCommand {
  readonly commandId: string
  readonly topic: string
  readonly state: "created" | "cancelled" | "expired" | "sent" | "succeeded" | "failed" | "timedOut"
  readonly createdAt: number
  readonly expiresAt: number
  readonly hintedAt?: number | undefined
  readonly finishedAt?: number | undefined
  readonly overtakenBy?: string | undefined
  readonly code?: number | undefined
  readonly message?: string | undefined
}

export interface SeenDevice {
  readonly status: "inactive" | "online" | "offline" | "disabled"
  readonly createdAt: number
  readonly lastSeenAt?: number | undefined
  readonly lastOnlineAt?: number | undefined
  readonly lastOfflineAt?: number | undefined
  readonly lifetimeSeconds?: number | undefined
  /** Absent: its session was not there to be asked, and `lastSeenAt` is of its last presence. */
  readonly pendingCommands?: number | undefined
}

/** All that is known of one device, or of an address. Lists are newest first. */
export interface Evidence {
  readonly now: number
  /** Absent where there is no such device, and where an address was asked about. */
  readonly device?: SeenDevice | undefined
  /** Why there is none, where a device was asked about. */
  readonly unregistered?: "product" | "device" | undefined
  /** The device that was asked about in wrong words. */
  readonly meant?: MeantDevice | undefined
  /** Products that have a device of the same key. */
  readonly sameKeyIn?: ReadonlyArray<string> | undefined
  readonly events: ReadonlyArray<SeenEvent>
  /** That name the device in their identity, or are of the address. */
  readonly strangers: ReadonlyArray<SeenEvent>
  readonly commands: ReadonlyArray<SeenCommand>
}

/** One cause, by its code. */
export interface Finding {
  /** When it was met last. */
  readonly at: number
  readonly code: string
  readonly sentence: string
  readonly cause: string
  readonly cure: string
  readonly link: string
  /** The particulars of what came, as the event has them. */
  readonly reason?: string
  readonly address?: string
  readonly times: number
  /** Something later shows that it is over: it explains the past. */
  readonly over: boolean
}

export interface Answer {
  /** One sentence: how it stands, and the first cause. */
  readonly verdict: string
  /** Causes that hold first, in the order in which a device meets them. */
  readonly findings: ReadonlyArray<Finding>
}
