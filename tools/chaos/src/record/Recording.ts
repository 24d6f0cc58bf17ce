/** Everything that devices, applications and the store saw in one run. Times in milliseconds since 1970. */
export interface Recording {
  readonly startedAt: number
  /** From here on nobody sent anything; what came later does not count. */
  readonly endedAt: number
  readonly devices: ReadonlyArray<RecordedDevice>
  /** Protected records in both directions, as they were on the wire. */
  readonly records: ReadonlyArray<RecordSeen>
  readonly exchanges: ReadonlyArray<Exchange>
  readonly handshakes: ReadonlyArray<Handshake>
  readonly attempts: ReadonlyArray<HandshakeAttempt>
  readonly commands: ReadonlyArray<IssuedCommand>
  readonly faults: ReadonlyArray<InjectedFault>
  /** Empty where a fault may make the store late. */
  readonly storeWaits: ReadonlyArray<StoreWait>
  readonly stored: StoredMessages
}

export type Role =
  /** Under a connection id. */
  | "steady"
  /** Without one. */
  | "plain"
  /** Under a connection id, from one port and then another. */
  | "mover"
  /** Silent for longer than its Lifetime, again and again. */
  | "sleeper"
  /** Handshakes, posts once, forgets its session, without a rest: of such handshakes some are under way at any time. */
  | "newcomer"

export interface RecordedDevice {
  readonly deviceKey: string
  readonly role: Role
  readonly lifetimeSeconds: number
}

/** Devices are named by their place in `Recording.devices`. */
export interface RecordSeen {
  readonly device: number
  /** Of the handshake that made the keys; each has one for either direction. */
  readonly key: number
  readonly direction: "up" | "down"
  readonly epoch: number
  readonly sequence: number
  readonly at: number
}

/** A request of a device, first transmission to response. */
export interface Exchange {
  readonly device: number
  readonly kind: "uplink" | "fetch" | "reply"
  /** Of an uplink the payload's id, never used twice; of a reply the command's. */
  readonly id: string
  /** Each time it was sent. */
  readonly sentAt: Array<number>
  /** When its response came or it was given up; undefined if it was under way at the end. */
  endedAt: number | undefined
  /** Such as `2.04`; empty without a response. */
  code: string
}

export interface Handshake {
  readonly device: number
  readonly at: number
  readonly resumed: boolean
  /** Why the device had no session. */
  readonly reason: string
}

/** A handshake from its first ClientHello on, whatever became of it. */
export interface HandshakeAttempt {
  readonly device: number
  /** As in the records under the keys that it makes. */
  readonly key: number
  /** Each time a flight was sent. */
  readonly sentAt: Array<number>
  /** When the edge had answered with ServerHello. */
  serverHelloAt: number | undefined
  /** When it was complete or the device gave it up; undefined if it was under way at the end. */
  endedAt: number | undefined
  completed: boolean
}

/** A command that downlink-queue took with 202. */
export interface IssuedCommand {
  readonly commandId: string
  readonly device: number
  readonly at: number
  /** Downlink-queue's answer at the end; undefined if it does not know the command. */
  state: string | undefined
  /** Final states that downlink-queue told one after another, each once: there may be one. */
  readonly ends: Array<string>
}

export interface InjectedFault {
  readonly kind: string
  readonly target: string
  readonly at: number
  /** When its cause was over: the process runs again, the network is whole. */
  endedAt: number
  /** Of a store that was set back: what was acknowledged after this moment may be lost. */
  setBackTo?: number
  /** When the last process that could acknowledge anything had ended. */
  goneAt?: number
  /** Conditions that failed after the fault, such as apps that were not ready again in time. */
  aftermath?: string
}

/** From when to when a message beside Roost's was on its way to the store, which took long. */
export interface StoreWait {
  readonly at: number
  readonly endedAt: number
}

export interface StoredMessages {
  /** Of UPLINK, the payload's id, once per message. */
  readonly uplinks: ReadonlyArray<{ readonly deviceKey: string; readonly id: string }>
  /** Knowledge about commands beside their state: left in COMMAND_EVENT, or an operator's event about a reply. */
  readonly commandTraces: ReadonlyArray<{ readonly commandId: string; readonly trace: string }>
  /** Of PRESENCE, in its order. */
  readonly presence: ReadonlyArray<{
    readonly deviceKey: string
    readonly state: "online" | "offline"
    /** By the clock of the node that told it, or nats-server's where that clock was stepped. */
    readonly at: number
  }>
}
