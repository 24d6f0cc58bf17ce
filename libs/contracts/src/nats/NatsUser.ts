import { Buckets, type BucketDefinition, type StreamDefinition, Streams } from "../Streams.ts"
import { Subjects } from "../Subjects.ts"

/** The users of NATS (deploy/nats/accounts.conf). An app's user has the app's name. */
export const NatsUserName = ["udp-edge", "session-actors", "registry", "downlink-queue", "sinks", "admin"] as const
export type NatsUserName = (typeof NatsUserName)[number]

/** Subjects that a user may publish and subscribe to; nothing else. */
export interface NatsPermissions {
  readonly publish: ReadonlyArray<string>
  /** Exceptions from `publish`. */
  readonly publishNot?: ReadonlyArray<string>
  readonly subscribe: ReadonlyArray<string>
}

/**
 * Where the answers for a user go. Each has inboxes of its own: whoever may subscribe to `_INBOX.>` reads every answer on
 * the bus.
 */
export const inboxPrefixOf = (user: string): string => `_INBOX.${user}`

const all = ">"
const any = "*"
/** Where the answers to questions from another account go, by names that nats-server makes. */
const answersToOtherAccounts = "_R_.>"
/** A user that answers questions publishes to the inboxes of those who ask; `allow_responses` would let a question name any subject. */
const answers = ["_INBOX.>", answersToOtherAccounts]

const streamOf = (store: StreamDefinition | BucketDefinition): string =>
  "subjects" in store ? store.name : `KV_${store.name}`

/** The calls of JetStream's API that read a stream, by a consumer or message by message. */
const reads = (...stores: ReadonlyArray<StreamDefinition | BucketDefinition>): ReadonlyArray<string> =>
  stores
    .map(streamOf)
    .flatMap((name) => [
      `$JS.API.CONSUMER.CREATE.${name}`,
      `$JS.API.CONSUMER.CREATE.${name}.>`,
      `$JS.API.CONSUMER.DURABLE.CREATE.${name}.*`,
      `$JS.API.CONSUMER.INFO.${name}.*`,
      `$JS.API.CONSUMER.DELETE.${name}.*`,
      `$JS.API.CONSUMER.MSG.NEXT.${name}.*`,
      `$JS.API.STREAM.MSG.GET.${name}`,
      `$JS.ACK.${name}.>`,
      `$JS.FC.${name}.>`
    ])

const forgets = (...stores: ReadonlyArray<StreamDefinition | BucketDefinition>): ReadonlyArray<string> =>
  stores.map((store) => `$JS.API.STREAM.MSG.DELETE.${streamOf(store)}`)

const writes = (...stores: ReadonlyArray<StreamDefinition | BucketDefinition>): ReadonlyArray<string> =>
  stores.flatMap((store) => ("subjects" in store ? store.subjects : [`$KV.${store.name}.>`]))

/** Events of a product's webhooks: events of products have `=` for the device's key. */
const webhookEvents = ["failing", "dead", "recovered"].map((what) => `roost.event.${any}.=.webhook-${what}`)

/** Every stream from which sinks are written. */
const written = [Streams.uplink, Streams.presence, Streams.event, Streams.sinkDead, Buckets.commandHistory]

/** What a registry keeps on the bus: it writes, reads and forgets the entries. */
const registryBuckets = [
  Buckets.profiles,
  Buckets.webhooks,
  Buckets.sinks,
  Buckets.idempotency,
  Buckets.console,
  Buckets.access,
  Buckets.recordings
]

/** A registry tells of devices that somebody records them, or had their secrets. */
const recordingEvents = ["recording-begun", "secrets-exported"].map((what) => `roost.event.${any}.${any}.${what}`)

/** Each app looks at these to know whether it can serve, and at the promises of its servers. */
const looks = [
  "$JS.API.INFO",
  "$JS.API.STREAM.NAMES",
  "$JS.API.STREAM.LIST",
  "$JS.API.STREAM.INFO.*",
  ...reads(Buckets.store),
  `$KV.${Buckets.store.name}.probe.>`
]

/** A user that has durable consumers tells how far each came, and forgets it with the consumer. */
const places = [`$KV.${Buckets.store.name}.place.>`, ...forgets(Buckets.store)]

/** Each app's summary of itself once a second; the registries listen. */
const tells = (app: NatsUserName) => Subjects.summary(app)

/** The needs of each app, and no more. `admin` is the one privileged step: it alone makes, changes and deletes streams. */
export const natsUsers: Readonly<Record<NatsUserName, NatsPermissions>> = {
  "udp-edge": {
    publish: [
      ...looks,
      tells("udp-edge"),
      Subjects.frameToNode(any),
      Subjects.frameToNodes,
      Subjects.frameToEdges,
      Subjects.placementAsk,
      Subjects.stranger,
      Subjects.recorded
    ],
    subscribe: [Subjects.frameToEdge(any), Subjects.frameToEdges, Subjects.placementAnnounce, Subjects.recordings]
  },
  "session-actors": {
    publish: [
      ...looks,
      ...answers,
      tells("session-actors"),
      Subjects.frameToEdge(any),
      Subjects.frameToNode(any),
      Subjects.placementAnnounce,
      Subjects.placementAsk,
      Subjects.registryPsk,
      Subjects.registryActivate,
      Subjects.registryProperties,
      Subjects.stranger,
      Subjects.recorded,
      ...writes(
        Streams.uplink,
        Streams.presence,
        Streams.event,
        Streams.commandEvent,
        Buckets.sessions,
        Buckets.leases
      ),
      ...reads(
        Streams.uplink,
        Streams.credential,
        Buckets.commands,
        Buckets.profiles,
        Buckets.sessions,
        Buckets.leases
      ),
      ...forgets(Buckets.sessions, Buckets.leases)
    ],
    subscribe: [
      Subjects.frameToNode(any),
      Subjects.frameToNodes,
      Subjects.placementAnnounce,
      Subjects.placementAsk,
      "roost.device.*",
      Subjects.recordings
    ]
  },
  registry: {
    publish: [
      ...looks,
      ...answers,
      ...places,
      tells("registry"),
      Subjects.placementAsk,
      "roost.device.*",
      Subjects.downlink,
      Subjects.sinkTest,
      Subjects.setAside(any),
      Subjects.recordings,
      ...webhookEvents,
      // How far behind each is, for operators.
      "$JS.API.CONSUMER.LIST.*",
      ...recordingEvents,
      Subjects.audit("registry"),
      Subjects.keyUse,
      Subjects.passwordTries,
      ...writes(Streams.credential, Streams.webhookDead, Streams.sinkDead, ...registryBuckets),
      ...reads(...Object.values(Streams), ...registryBuckets, Buckets.commandHistory),
      ...forgets(Streams.webhookDead, Streams.sinkDead, ...registryBuckets)
    ],
    subscribe: [
      Subjects.registryPsk,
      Subjects.registryActivate,
      Subjects.registryDevice,
      Subjects.registryProperties,
      Subjects.applicationConsumer,
      Subjects.access,
      Subjects.keyUse,
      Subjects.passwordTries,
      Subjects.placementAnnounce,
      Subjects.summary(any),
      Subjects.recorded
    ]
  },
  "downlink-queue": {
    publish: [
      ...looks,
      ...answers,
      ...places,
      tells("downlink-queue"),
      Subjects.registryDevice,
      Subjects.access,
      Subjects.keyUse,
      Subjects.audit("downlink-queue"),
      "roost.device.*",
      Subjects.setAside(any),
      ...writes(Buckets.commands, Buckets.commandHistory, Buckets.idempotency),
      ...reads(
        Streams.commandEvent,
        Streams.credential,
        Buckets.commands,
        Buckets.commandHistory,
        Buckets.profiles,
        Buckets.idempotency
      ),
      ...forgets(Buckets.commands, Buckets.commandHistory, Buckets.idempotency)
    ],
    subscribe: [Subjects.downlink, Subjects.keyUse]
  },
  sinks: {
    publish: [
      ...looks,
      ...answers,
      ...places,
      tells("sinks"),
      Subjects.setAside(any),
      ...writes(Streams.sinkDead, Buckets.sinks),
      ...reads(...written, Buckets.sinks, Buckets.profiles),
      ...forgets(Buckets.sinks)
    ],
    subscribe: [Subjects.sinkTest]
  },
  admin: { publish: [all], subscribe: [all] }
}
