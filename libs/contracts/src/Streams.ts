const hour = 3_600_000
const day = 24 * hour

/**
 * Room that a stream may take. Of the bytes that nats-server has for streams on each server (`max_file_store`) it is a part,
 * which the server keeps free for it. When another stream is full, this one has its own.
 */
export interface Room {
  readonly percent: number
  /** Bytes, where the part would be more than it can ever need. */
  readonly bytesMax?: number
}

/**
 * The fate of a message for which there is no room. `refuse`: it is not stored, and its sender hears it. `drop-oldest`: it is
 * stored in place of the oldest ones.
 */
export type WhenFull = "refuse" | "drop-oldest"

/** A JetStream stream in file storage. Times in milliseconds, sizes in bytes. */
export interface StreamDefinition {
  readonly name: string
  readonly subjects: ReadonlyArray<string>
  readonly maxAgeMillis: number
  /**
   * Window in which a message id is remembered. A publisher that heard no ack repeats for 10 s. A device repeats a request for 45 s
   * (MAX_TRANSMIT_SPAN, RFC 7252 §4.8.2). The app that takes it over after a crash knows the last uplink of each kind only. The others
   * that were under way are found by their ids.
   */
  readonly duplicateWindowMillis: number
  /** `limits`: many readers. `workqueue`: a message goes when its one consumer acknowledged it. */
  readonly retention: "limits" | "workqueue"
  readonly room: Room
  readonly whenFull: WhenFull
}

/** A key-value bucket in file storage, which refuses what it has no room for. `ttlMillis` 0 keeps entries until they are deleted. */
export interface BucketDefinition {
  readonly name: string
  readonly ttlMillis: number
  readonly history: number
  readonly room: Room
}

const stream = (
  name: string,
  subject: string,
  maxAgeMillis: number,
  percent: number,
  whenFull: WhenFull
): StreamDefinition => ({
  name,
  subjects: [subject],
  maxAgeMillis,
  duplicateWindowMillis: 60_000,
  retention: "limits",
  room: { percent },
  whenFull
})

const bucket = (name: string, ttlMillis: number, room: Room): BucketDefinition => ({
  name,
  ttlMillis,
  history: 1,
  room
})

const mebibyte = 1024 * 1024

/**
 * Every stream of Roost (docs/architecture.md §3). Age, room and what happens when it is full are what they begin with: an operator may
 * choose others. An uplink that was answered 2.04 is never dropped for a newer one; what only tells may be.
 */
export const Streams = {
  uplink: stream("UPLINK", "roost.uplink.>", 72 * hour, 47, "refuse"),
  presence: stream("PRESENCE", "roost.presence.>", 7 * day, 3, "drop-oldest"),
  event: stream("EVENT", "roost.event.>", 7 * day, 3, "drop-oldest"),
  /** 20 a second of some 500 bytes fill it in two hours per node; a flood displaces itself, and nothing else. */
  stranger: {
    ...stream("STRANGER", "roost.stranger", 7 * day, 1, "drop-oldest"),
    room: { percent: 1, bytesMax: 64 * mebibyte }
  } as StreamDefinition,
  /** Longer than any session is kept unused (`sessionIdleMillisMax`): who takes one over asks what changed since. */
  credential: stream("CREDENTIAL", "roost.credential.>", 8 * day, 2, "refuse"),
  /** Deliveries that webhooks did not take, and those of them that are delivered again. */
  webhookDead: stream("WEBHOOK_DEAD", "roost.webhook.>", 7 * day, 1.5, "drop-oldest"),
  /** Events that sinks could not write, and those of them that are written again. */
  sinkDead: stream("SINK_DEAD", "roost.sink.>", 7 * day, 0.5, "drop-oldest"),
  /** Changes by an API, with who made them: some 500 bytes a change, a million of them in the room at its largest. */
  audit: {
    ...stream("AUDIT", "roost.audit.>", 365 * day, 0.5, "drop-oldest"),
    room: { percent: 0.5, bytesMax: 512 * mebibyte }
  } as StreamDefinition,
  /** Messages that their consumer could not handle, one by one either (`SetAsideHeader`). */
  setAside: stream("SET_ASIDE", "roost.aside.>", 30 * day, 0.5, "refuse"),
  commandEvent: {
    ...stream("COMMAND_EVENT", "roost.command.>", 7 * day, 2.5, "refuse"),
    retention: "workqueue"
  } as StreamDefinition
} as const

/** Every bucket of Roost (docs/architecture.md §3). */
export const Buckets = {
  commands: bucket("COMMANDS", 0, { percent: 6 }),
  /** One sealed session per device, at `sessionKey`; the actor deletes what is over. */
  sessions: bucket("SESSIONS", 0, { percent: 12 }),
  /** Products and thing models as session-actors need them: `Profile`. */
  profiles: bucket("PROFILES", 0, { percent: 1 }),
  webhooks: bucket("WEBHOOKS", 0, { percent: 0.75, bytesMax: 256 * mebibyte }),
  /** The sinks, sealed, and how each of them does. */
  sinks: bucket("SINKS", 0, { percent: 0.25, bytesMax: 64 * mebibyte }),
  /** Answers to an `Idempotency-Key`, and the state that lets a run that broke off be run again as the same. */
  idempotency: bucket("IDEMPOTENCY", day, { percent: 2 }),
  /** Sessions of people at the console, and the codes that sign in: `ConsoleEntry`. */
  console: bucket("CONSOLE", 12 * hour, { percent: 0.5, bytesMax: 16 * mebibyte }),
  /** API keys and accounts, sealed whole, and when a key was used last. */
  access: bucket("ACCESS", 0, { percent: 0.5, bytesMax: 64 * mebibyte }),
  /** The owner of each partition: the records of libs/cluster. */
  leases: bucket("LEASES", 0, { percent: 0.5, bytesMax: 64 * mebibyte }),
  commandHistory: bucket("COMMAND_HISTORY", 7 * day, { percent: 6 }),
  /** Flight recordings, sealed: what they are of, and what each process told. */
  recordings: bucket("RECORDINGS", 7 * day, { percent: 0.5, bytesMax: 256 * mebibyte }),
  /** Of libs/nats: what the streams were set to, what the servers promise, and how far each durable consumer came. */
  store: bucket("STORE", 0, { percent: 0.5, bytesMax: 16 * mebibyte })
} as const

/** Names of the headers of an uplink (docs/architecture.md §3). */
export const UplinkHeader = {
  session: "Roost-Session",
  topic: "Roost-Topic",
  method: "Roost-Method",
  time: "Roost-Time",
  /** Newest record of the session when the uplink was published: the replay window's floor for the next owner. */
  record: "Roost-Record",
  /** `Nats-Msg-Id` of the message of the device's session before that this one may repeat; absent otherwise. */
  repeats: "Roost-Repeats"
} as const

/** Headers of a message that was set aside: with them `nats pub` puts it back where it was. */
export const SetAsideHeader = {
  stream: "Roost-Stream",
  subject: "Roost-Subject",
  sequence: "Roost-Sequence",
  reason: "Roost-Reason"
} as const
