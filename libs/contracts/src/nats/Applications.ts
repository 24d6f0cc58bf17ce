import type { NatsPermissions } from "./NatsUser.ts"
import { Streams } from "../Streams.ts"
import { Subjects } from "../Subjects.ts"

/** The user of applications, in an account of their own. */
export const applicationUser = "application"

/**
 * The beginning of the subjects of JetStream's API for applications, where a client has `$JS.API` (its option `apiPrefix`, `prefix` or
 * `--js-api-prefix`).
 */
export const applicationApiPrefix = "ROOST.API"

/** Streams that applications may read. */
export const applicationStreams = [Streams.uplink, Streams.presence, Streams.event]

/** Durable consumers of Roost's own: an application that acknowledged their messages would have Roost miss them. */
export const ownConsumers = ["registry-latest-points", "registry-presence", "registry-events"]

/** Names that no application's consumer may have begin so. */
export const ownConsumerName = /^(?:registry-|webhook|sk_|downlink-|tail_)/

/**
 * A subject of the account of the apps that applications reach, and its name in theirs. They may read by consumers that
 * exist. To create one is not among it. Its messages go to whatever subject its creator names, in the account that has the
 * stream, and so could be orders to the apps. The same goes for a stream's source, mirror and republish.
 */
export interface Service {
  readonly subject: string
  readonly as: string
  /** One question may have many answers. */
  readonly streamed: boolean
}

const api = (call: string, streamed = false): Service => ({
  subject: `$JS.API.${call}`,
  as: `${applicationApiPrefix}.${call}`,
  streamed
})

export const applicationServices: ReadonlyArray<Service> = [
  { subject: Subjects.applicationConsumer, as: Subjects.applicationConsumer, streamed: false },
  ...applicationStreams.flatMap(({ name }) => [
    api(`STREAM.INFO.${name}`),
    api(`CONSUMER.INFO.${name}.*`),
    api(`CONSUMER.MSG.NEXT.${name}.*`, true),
    { subject: `$JS.ACK.${name}.>`, as: `$JS.ACK.${name}.>`, streamed: false }
  ])
]

export const applicationPermissions: NatsPermissions = {
  publish: applicationServices.map(({ as }) => as),
  publishNot: applicationStreams.flatMap(({ name }) =>
    ownConsumers.flatMap((own) => [
      `${applicationApiPrefix}.CONSUMER.MSG.NEXT.${name}.${own}`,
      `$JS.ACK.${name}.${own}.>`
    ])
  ),
  subscribe: ["_INBOX.>"]
}
