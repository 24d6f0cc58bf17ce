import { AckPolicy, DeliverPolicy } from "@nats-io/jetstream"
import {
  type ApplicationConsumer,
  type ApplicationConsumerReply,
  applicationConsumerRpc,
  filterSubjectOf,
  isOwnConsumerName,
  registryQueue
} from "@roost/contracts"
import { Effect, Layer } from "effect"
import { consumerInfo, isBeyond } from "./internal/openConsumer.ts"
import { NatsConnection } from "./NatsConnection.ts"
import { serveRpc } from "./Rpc.ts"

/** Consumers that were made here say so: any other of the stream is Roost's own, or the operator's. */
const description = "an application's"
/** Messages of one consumer that may be under way, unacknowledged. */
const unacknowledgedMax = 10_000
/**
 * Consumers that a stream has, Roost's own and readers of events included, up to which applications get new ones. They stay until
 * an operator removes them, and each costs nats-server memory and a look at every message.
 */
const consumersPerStreamMax = 1_000

/**
 * Makes the durable consumers of applications. They can't do it themselves. A consumer's messages go to any subject that its
 * maker names, and among the subjects of the apps are orders (deploy/nats/accounts.conf). These are asked for messages
 * and answer who asked.
 */
export const ApplicationConsumers = {
  layer: (perStreamMax: number = consumersPerStreamMax) =>
    Layer.effectDiscard(
      Effect.gen(function* () {
        const { manager } = yield* NatsConnection
        yield* serveRpc(applicationConsumerRpc, { queue: registryQueue }, (wanted) =>
          Effect.tryPromise(() => consumerOf(manager, wanted, perStreamMax))
        )
      })
    )
}

type Manager = NatsConnection["Service"]["manager"]

const consumerOf = async (
  manager: Manager,
  wanted: ApplicationConsumer,
  perStreamMax: number
): Promise<ApplicationConsumerReply> => {
  const { consumers, streams } = manager
  const { consumer, stream } = wanted
  const filterSubject = filterSubjectOf(wanted)
  if (filterSubject === undefined) return refused("NoSuchKind", `messages of ${stream} have no kind: leave it out`)
  if (isOwnConsumerName(consumer))
    return refused("NameTaken", `${consumer} is among Roost's own names: take another one`)
  const make = (deliver_policy: DeliverPolicy) =>
    consumers.add(stream, {
      durable_name: consumer,
      description,
      filter_subject: filterSubject,
      deliver_policy,
      ack_policy: AckPolicy.Explicit,
      max_ack_pending: unacknowledgedMax
    })
  const info = await consumerInfo(manager, stream, consumer)
  if (info === undefined) {
    const { consumer_count } = (await streams.info(stream)).state
    if (consumer_count >= perStreamMax) {
      return refused("TooMany", `${stream} has ${consumer_count} consumers: remove one that nobody reads by`)
    }
    await make(wanted.from === "now" ? DeliverPolicy.New : DeliverPolicy.All)
    return { _tag: "Ready", stream, consumer, filterSubject }
  }
  const known = info.config
  if (known.description !== description || known.deliver_subject !== undefined) {
    return refused("NameTaken", `${consumer} of ${stream} is not an application's: take another name`)
  }
  if (known.filter_subject !== filterSubject) {
    return refused("OtherFilter", `${consumer} reads ${known.filter_subject}, not ${filterSubject}: take another name`)
  }
  // Nobody knows the messages that came since the stream was set back: all that it holds comes again.
  if (await isBeyond(manager, stream, info)) {
    await consumers.delete(stream, consumer)
    await make(DeliverPolicy.All)
  }
  return { _tag: "Ready", stream, consumer, filterSubject }
}

const refused = (
  reason: Extract<ApplicationConsumerReply, { _tag: "Refused" }>["reason"],
  detail: string
): ApplicationConsumerReply => ({ _tag: "Refused", reason, detail })
