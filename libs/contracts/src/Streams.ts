const hour = 3_600_000
const day = 24 * hour

/** A JetStream stream in file storage. Times in milliseconds, sizes in bytes. */
export interface StreamDefinition {
  readonly name: string
  readonly subjects: ReadonlyArray<string>
  readonly maxAgeMillis: number
  /** The oldest messages go when it is larger. Absent: no limit of its own. */
  readonly maxBytes?: number
  /** Window in which a message id is remembered; a device's retransmission span is 45 s (RFC 7252 §4.8.2). */
  readonly duplicateWindowMillis: number
  /** `limits`: many readers. `workqueue`: a message goes when its one consumer acknowledged it. */
  readonly retention: "limits" | "workqueue"
}

/** A key-value bucket in file storage. `ttlMillis` 0 keeps entries until they are deleted. */
export interface BucketDefinition {
  readonly name: string
  readonly ttlMillis: number
  readonly history: number
}

const stream = (name: string, subject: string, maxAgeMillis: number): StreamDefinition => ({
  name,
  subjects: [subject],
  maxAgeMillis,
  duplicateWindowMillis: 60_000,
  retention: "limits"
})

/** Every stream of Roost (docs/architecture.md §3). */
export const Streams = {
  uplink: stream("UPLINK", "roost.uplink.>", 72 * hour),
  presence: stream("PRESENCE", "roost.presence.>", 7 * day),
  event: stream("EVENT", "roost.event.>", 7 * day),
  /** 20 a second of some 500 bytes fill it in two hours per node; a flood displaces itself, and nothing else. */
  stranger: { ...stream("STRANGER", "roost.stranger", 7 * day), maxBytes: 64 * 1024 * 1024 } as StreamDefinition,
  /** Longer than any session is kept unused (`sessionIdleMillisMax`): who takes one over asks what changed since. */
  credential: stream("CREDENTIAL", "roost.credential.>", 8 * day),
  /** What webhooks did not take, and what of it is delivered again. */
  webhookDead: stream("WEBHOOK_DEAD", "roost.webhook.>", 7 * day),
  /** Messages that their consumer could not handle, one by one either (`SetAsideHeader`). */
  setAside: stream("SET_ASIDE", "roost.aside.>", 30 * day),
  commandEvent: {
    ...stream("COMMAND_EVENT", "roost.command.>", 7 * day),
    retention: "workqueue"
  } as StreamDefinition
} as const

/** Every bucket of Roost (docs/architecture.md §3). */
export const Buckets = {
  commands: { name: "COMMANDS", ttlMillis: 0, history: 1 } as BucketDefinition,
  /** One sealed session per device, at `sessionKey`; the actor deletes what is over. */
  sessions: { name: "SESSIONS", ttlMillis: 0, history: 1 } as BucketDefinition,
  /** Products and thing models as session-actors need them: `Profile`. */
  profiles: { name: "PROFILES", ttlMillis: 0, history: 1 } as BucketDefinition,
  webhooks: { name: "WEBHOOKS", ttlMillis: 0, history: 1 } as BucketDefinition,
  /** What was answered to an `Idempotency-Key`, and what lets a run that broke off be run again as the same. */
  idempotency: { name: "IDEMPOTENCY", ttlMillis: day, history: 1 } as BucketDefinition,
  /** Who owns which partition: the records of libs/cluster. */
  leases: { name: "LEASES", ttlMillis: 0, history: 1 } as BucketDefinition,
  commandHistory: { name: "COMMAND_HISTORY", ttlMillis: 7 * day, history: 1 } as BucketDefinition
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
