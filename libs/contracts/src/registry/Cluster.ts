import * as Schema from "effect/Schema"
import { partitionCount } from "../Partition.ts"

const Millis = Schema.Finite.annotate({ description: "Milliseconds since 1970." })
const Bytes = Schema.Finite.annotate({ description: "Bytes." })

/** A process of Roost, as it told of itself last. */
export const ClusterNode = Schema.Struct({
  app: Schema.String.annotate({ description: "`udp-edge`, `session-actors`, `registry` or `downlink-queue`." }),
  node: Schema.String.annotate({ description: "New at every start, unless it was given one." }),
  host: Schema.String,
  version: Schema.String,
  nodeVersion: Schema.String.annotate({ description: "Of Node." }),
  since: Millis.annotate({ description: "Its start, milliseconds since 1970." }),
  lastSeen: Millis.annotate({
    description: "When it was heard of last, milliseconds since 1970, by this registry's clock."
  }),
  ready: Schema.Boolean,
  checks: Schema.Record(Schema.String, Schema.String).annotate({
    description: "What is not well, by the name of its check in `/readyz`; empty when all is."
  }),
  partitions: Schema.optionalKey(Schema.Int.annotate({ description: "That it serves; of session-actors only." })),
  cpu: Schema.Finite.annotate({ description: "Of one core, over the last second: 1 is all of it." }),
  memoryBytes: Bytes,
  lagMillis: Schema.Finite.annotate({
    description: "Whole milliseconds that its event loop is late, half of the time less; 0 is less than one."
  })
}).annotate({ identifier: "ClusterNode" })
export type ClusterNode = typeof ClusterNode.Type

export const ClusterConsumer = Schema.Struct({
  name: Schema.String,
  pending: Schema.Int.annotate({ description: "Messages that it was not given yet." }),
  unacknowledged: Schema.Int.annotate({ description: "Messages that it was given, and that are not dealt with." })
}).annotate({ identifier: "StreamConsumer" })

/** A stream or bucket of JetStream. */
export const ClusterStream = Schema.Struct({
  name: Schema.String,
  messages: Schema.Finite,
  bytes: Bytes,
  bytesMax: Schema.optionalKey(
    Bytes.annotate({ description: "Bytes that it may hold; absent where there is no limit." })
  ),
  firstAt: Schema.optionalKey(Millis.annotate({ description: "Of its oldest message." })),
  lastAt: Schema.optionalKey(Millis.annotate({ description: "Of its newest message." })),
  replicas: Schema.Int,
  leader: Schema.optionalKey(Schema.String.annotate({ description: "Name of its nats-server, in a cluster." })),
  consumers: Schema.Array(ClusterConsumer).annotate({ description: "Those that outlive a connection: lag by name." })
}).annotate({ identifier: "ClusterStream" })
export type ClusterStream = typeof ClusterStream.Type

export const NatsServer = Schema.Struct({
  name: Schema.String,
  version: Schema.optionalKey(Schema.String),
  address: Schema.optionalKey(Schema.String),
  connected: Schema.Boolean.annotate({ description: "This registry is connected to it." }),
  current: Schema.optionalKey(
    Schema.Boolean.annotate({ description: "False: its copies of streams are behind, or it is not reached." })
  )
}).annotate({ identifier: "NatsServer" })

export const Cluster = Schema.Struct({
  at: Millis,
  nodes: Schema.Array(ClusterNode).annotate({ description: "By app and node." }),
  partitions: Schema.Array(Schema.NullOr(Schema.Int)).annotate({
    description: `Of each of the ${partitionCount} partitions the index in \`nodes\` of its owner; null: nobody serves it.`
  }),
  streams: Schema.Array(ClusterStream),
  natsServers: Schema.Array(NatsServer),
  problems: Schema.Array(Schema.String).annotate({ description: "What is wrong, in words, worst first." })
}).annotate({ identifier: "Cluster" })
export type Cluster = typeof Cluster.Type
