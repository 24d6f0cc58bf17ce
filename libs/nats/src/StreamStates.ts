import type { JetStreamManager, StreamInfo } from "@nats-io/jetstream"
import type { NatsConnection as Client } from "@nats-io/transport-node"
import type { Cluster } from "@roost/contracts"
import { Effect } from "effect"
import { fromClient } from "./internal/fromClient.ts"
import { NatsConnection } from "./NatsConnection.ts"

/** Consumers of one stream that are told: webhooks and applications may have hundreds. */
const consumersMax = 256

type StreamState = Cluster["streams"][number]

/** The nats-server's word on every stream and bucket, on those who read them, and on the servers that it knows. */
export const streamStates = Effect.gen(function* () {
  const { client, connected, manager } = yield* NatsConnection
  return yield* fromClient("state of the streams", async () => {
    const infos: Array<StreamInfo> = []
    for await (const info of manager.streams.list()) infos.push(info)
    infos.sort((a, b) => (a.config.name < b.config.name ? -1 : 1))
    const streams: Array<StreamState> = []
    for (const info of infos) {
      streams.push(stateOf(info, info.state.consumer_count === 0 ? [] : await consumersOf(manager, info.config.name)))
    }
    return { streams, natsServers: serversOf(infos, client, connected()) }
  })
})

/** Those that outlive a connection. */
const consumersOf = async (manager: JetStreamManager, stream: string): Promise<StreamState["consumers"]> => {
  const found: Array<StreamState["consumers"][number]> = []
  for await (const { config, name, num_ack_pending, num_pending } of manager.consumers.list(stream)) {
    if (config.durable_name === undefined) continue
    found.push({ name, pending: num_pending, unacknowledged: num_ack_pending })
    if (found.length === consumersMax) break
  }
  return found.sort((a, b) => (a.name < b.name ? -1 : 1))
}

const stateOf = ({ cluster, config, state }: StreamInfo, consumers: StreamState["consumers"]): StreamState => ({
  name: config.name,
  messages: state.messages,
  bytes: state.bytes,
  ...(config.max_bytes > 0 && { bytesMax: config.max_bytes }),
  ...(state.messages > 0 && { firstAt: Date.parse(String(state.first_ts)), lastAt: Date.parse(String(state.last_ts)) }),
  replicas: config.num_replicas,
  ...(cluster?.leader !== undefined && { leader: cluster.leader }),
  consumers
})

/** Those that have a copy of some stream, and the one that is asked. */
const serversOf = (infos: ReadonlyArray<StreamInfo>, client: Client, connected: boolean): Cluster["natsServers"] => {
  const current = new Map<string, boolean>()
  for (const { cluster } of infos) {
    if (cluster?.leader !== undefined && !current.has(cluster.leader)) current.set(cluster.leader, true)
    for (const copy of cluster?.replicas ?? []) {
      current.set(copy.name, current.get(copy.name) !== false && copy.current && copy.offline !== true)
    }
  }
  const own = client.info
  const names = new Set([...current.keys(), ...(own === undefined ? [] : [own.server_name])])
  return [...names].sort().map((name): Cluster["natsServers"][number] => {
    const isCurrent = current.get(name)
    const seen = isCurrent === undefined ? {} : { current: isCurrent }
    if (name !== own?.server_name) return Object.assign(seen, { name, connected: false })
    return Object.assign(seen, { name, connected, version: own.version, address: client.getServer() })
  })
}
