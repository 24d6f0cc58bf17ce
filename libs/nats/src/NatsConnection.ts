import { jetstream, type JetStreamClient, type JetStreamManager, jetstreamManager } from "@nats-io/jetstream"
import { NatsConnectionImpl } from "@nats-io/nats-core/internal"
import {
  connect,
  type ConnectionOptions,
  createInbox,
  credsAuthenticator,
  type NatsConnection as Client
} from "@nats-io/transport-node"
import { inboxPrefixOf } from "@roost/contracts"
import { Health, metrics } from "@roost/observability"
import { type Config, Context, Effect, Layer, Redacted, Schedule } from "effect"
import { readFileSync } from "node:fs"
import { findWhyUnreachable } from "./internal/findWhyUnreachable.ts"
import { fromClient } from "./internal/fromClient.ts"
import { identityCheckOf } from "./internal/identityCheckOf.ts"
import { OutboundBatch } from "./internal/OutboundBatch.ts"
import { StoreTrouble } from "./internal/StoreTrouble.ts"
import { tellPromise } from "./internal/tellPromise.ts"
import { readWholeMessages } from "./internal/WholeMessages.ts"
import { NatsAdminLogin, NatsConfig, NatsSystemLogin } from "./NatsConfig.ts"
import { RequiredStreams } from "./RequiredStreams.ts"

/** A server that answers no ping for `pingMillis` × `pingsOutMax` is taken for gone. */
const pingMillis = 2_000
const pingsOutMax = 2
const reconnectMillis = 250
const reconnectJitterMillis = 250
const connectTimeoutMillis = 5_000
/** How often it is found out why no server is connected; the first time this long after the start. */
const findWhyMillis = 1_000
const drainTimeoutMillis = 2_000

/** Called with whether a server is connected, at every change. */
export type StatusListener = (connected: boolean) => void

/**
 * The one connection of a process. It reconnects for ever; what is published while there is none is refused by the
 * services built on it, not buffered. The layer waits for the first connection.
 */
export class NatsConnection extends Context.Service<
  NatsConnection,
  {
    readonly client: Client
    readonly jetstream: JetStreamClient
    readonly manager: JetStreamManager
    readonly connected: () => boolean
    /** A subject for answers, among those that this process's user may subscribe to. */
    readonly newInbox: () => string
    /** For publishers of many small messages; what else is published goes by the client. */
    readonly outbound: OutboundBatch
    /** Returns how to stop listening. */
    readonly onStatus: (listener: StatusListener) => () => void
    /** For `awaitStreams`. */
    readonly required: RequiredStreams
    /** Told by whoever writes to streams, heard by whoever keeps a view of one. */
    readonly trouble: StoreTrouble
  }
>()("@roost/nats/NatsConnection") {
  /** `name` is what the server's monitoring shows for this process. */
  static readonly layer = (name: string): Layer.Layer<NatsConnection, Config.ConfigError, Health> =>
    Layer.effect(
      NatsConnection,
      Effect.flatMap(NatsConfig, (config) => make(name, config, "nats"))
    )
}

/**
 * The connection for what only the maker of streams may do. It is the process's own, unless `ROOST_NATS_ADMIN_USER`,
 * `…_PASSWORD`, `…_TOKEN` or `…_CREDENTIALS` say how to enter as somebody else.
 */
export const adminConnection = Effect.gen(function* () {
  const login = yield* NatsAdminLogin
  if (login === undefined) return yield* NatsConnection
  return yield* make("stream-keeper", { ...(yield* NatsConfig), ...login }, "nats-admin")
})

/** Of the system account; undefined without a login for it (`ROOST_NATS_SYSTEM_USER` and so on). */
export const systemConnection = Effect.gen(function* () {
  const login = yield* NatsSystemLogin
  if (login === undefined) return undefined
  return yield* make("stream-keeper", { ...(yield* NatsConfig), ...login }, "nats-system")
})

/**
 * More clients of the process, without health or events: nats-server answers the questions of one client one after the other, and of
 * several at once.
 */
export const clientsBeside = (name: string, config: NatsConfig, count: number) =>
  Effect.forEach(
    Array.from({ length: count }),
    () =>
      Effect.acquireRelease(
        fromClient("connecting", () => connect({ ...optionsOf(name, config), maxReconnectAttempts: 0 })),
        (client) => Effect.promise(() => client.close())
      ),
    { concurrency: "unbounded" }
  )

const make = Effect.fnUntraced(function* (name: string, config: NatsConfig, check: string) {
  const health = yield* Health
  let connected = false
  let listeners: ReadonlyArray<StatusListener> = []
  const outage = {
    why: `no nats-server answered yet at ${config.servers.join(", ")}`,
    lastError: undefined as string | undefined
  }
  yield* health.register(check, () => (connected ? undefined : outage.why))
  readWholeMessages()
  const findWhy = Effect.suspend(() =>
    connected
      ? Effect.void
      : Effect.promise(async () => void (outage.why = await findWhyUnreachable(config, outage.lastError)))
  )
  const looking = Effect.forever(Effect.andThen(Effect.sleep(findWhyMillis), findWhy))
  const connecting = connectFirst(name, config, (error) => (outage.lastError = error))
  const client = yield* Effect.acquireRelease(Effect.raceFirst(connecting, looking), release, { interruptible: true })
  connected = true
  yield* Effect.logInfo(connectedText(client, config))
  gauge.set(1)
  const log = Effect.runForkWith(yield* Effect.context<never>())
  const setConnected = (now: boolean, server: string) => {
    if (connected === now) return
    connected = now
    gauge.set(now ? 1 : 0)
    if (now) reconnects.inc()
    if (now) log(Effect.logInfo(`${connectedText(client, config)} again`))
    // Nobody is to blame for a server that goes away while this process does.
    else if (!health.isDraining()) log(Effect.logWarning(`lost nats-server ${server}`))
    for (const listener of listeners) listener(now)
  }
  const statuses = client.status()
  const follow = async () => {
    for await (const status of statuses) {
      if (status.type === "disconnect") setConnected(false, status.server)
      else if (status.type === "reconnect") setConnected(true, status.server)
      else if (status.type === "error") {
        outage.lastError = status.error.message
        log(Effect.logWarning(`nats-server: ${status.error.message}`))
      }
    }
  }
  yield* Effect.forkScoped(Effect.promise(follow))
  yield* Effect.forkScoped(looking)
  const manager = yield* fromClient("JetStream", () => jetstreamManager(client, { checkAPI: false })).pipe(Effect.orDie)
  const trouble = yield* Effect.acquireRelease(
    Effect.sync(() => new StoreTrouble()),
    (release) => Effect.sync(() => release.close())
  )
  const isConnected = () => connected
  const required = new RequiredStreams(name, client, manager, isConnected, () => trouble.note())
  yield* required.follow
  if (check === "nats") yield* tellPromise(client, manager, isConnected)
  return NatsConnection.of({
    client,
    jetstream: jetstream(client, { watcherPrefix: inboxPrefixOf(name) }),
    manager,
    required,
    trouble,
    newInbox: () => createInbox(inboxPrefixOf(name)),
    connected: isConnected,
    outbound: new OutboundBatch(protocolOf(client)),
    onStatus: (listener) => {
      listeners = [...listeners, listener]
      return () => {
        listeners = listeners.filter((other) => other !== listener)
      }
    }
  })
})

/** All connections of the pinned client are of this class; the types of its public half do not say so. */
const protocolOf = (client: Client) => {
  if (client instanceof NatsConnectionImpl) return client.protocol
  throw new TypeError("the NATS client is not the one that this is written for")
}

/** `/readyz` and the log say why it takes its time (`ReadinessNarrator`). */
const connectFirst = Effect.fnUntraced(function* (name: string, config: NatsConfig, failed: (why: string) => void) {
  const options = yield* Effect.sync(() => optionsOf(name, config))
  // One attempt is not interrupted, so that no connection is left over; the pause between two is.
  return yield* fromClient("connecting", () => connect(options)).pipe(
    Effect.uninterruptible,
    Effect.tapError((error) => Effect.sync(() => failed(error.detail))),
    Effect.retry(Schedule.spaced("1 second")),
    Effect.orDie
  )
})

const connectedText = (client: Client, config: NatsConfig): string => {
  const { cluster, server_id, server_name, version } = client.info ?? {}
  const called = server_name === server_id ? "" : ` "${server_name}"`
  const of = cluster === undefined ? "" : ` of the cluster "${cluster}"`
  const user = config.user === undefined ? "" : ` as user "${config.user}"`
  return `connected to nats-server ${version}${called}${of} at ${client.getServer()}${user}`
}

/** Sends what is published and lets handlers finish; a connection that is lost is only closed. */
const release = (client: Client) =>
  Effect.tryPromise(() => client.drain()).pipe(
    Effect.timeout(drainTimeoutMillis),
    Effect.catch(() => Effect.promise(() => client.close())),
    Effect.tap(Effect.sync(() => gauge.set(0)))
  )

const optionsOf = (name: string, config: NatsConfig): ConnectionOptions => ({
  name,
  inboxPrefix: inboxPrefixOf(name),
  servers: [...config.servers],
  maxReconnectAttempts: -1,
  // Credentials may be repaired while we run; a service that gave up would need a restart on top.
  ignoreAuthErrorAbort: true,
  reconnectTimeWait: reconnectMillis,
  reconnectJitter: reconnectJitterMillis,
  reconnectJitterTLS: reconnectJitterMillis,
  pingInterval: pingMillis,
  maxPingOut: pingsOutMax,
  timeout: connectTimeoutMillis,
  // Every request would otherwise build an Error for its stack.
  noAsyncTraces: true,
  ...(config.user === undefined ? {} : { user: config.user }),
  ...(config.password === undefined ? {} : { pass: Redacted.value(config.password) }),
  ...(config.token === undefined ? {} : { token: Redacted.value(config.token) }),
  ...(config.credentials === undefined
    ? {}
    : { authenticator: credsAuthenticator(() => readFileSync(config.credentials!)) }),
  ...(config.tls === undefined
    ? {}
    : {
        tls: {
          ...Object.fromEntries(Object.entries(config.tls).filter(([, file]) => file)),
          // Handed on to Node, which the client's types don't say.
          ...({ checkServerIdentity: identityCheckOf(config.servers) } as object)
        }
      })
})

const gauge = metrics.gauge("roost_nats_connected", "1 while a nats-server is connected.")
const reconnects = metrics.counter("roost_nats_reconnects_total", "Connections made after one was lost.")
