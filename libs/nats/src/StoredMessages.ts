import { type JetStreamManager, jetstreamManager, type MsgRequest, type StoredMsg } from "@nats-io/jetstream"
import { type Config, Context, Effect, Layer, RcRef, type Scope } from "effect"
import { fromClient } from "./internal/fromClient.ts"
import { clientsBeside, NatsConnection } from "./NatsConnection.ts"
import { NatsConfig } from "./NatsConfig.ts"
import { NatsError } from "./NatsError.ts"
import type { TailMessage } from "./OrderedTail.ts"

/**
 * Questions that are on their way at once. A message from long ago costs nats-server 2.9 some 7 ms of CPU: it reads the whole block of
 * 8 MB around it. A server with two cores is no faster with more.
 */
const clientsMax = 4
/** How long the clients stay connected without a question. */
const idleMillis = 10_000

/** Messages of streams, one by one and without a consumer: what is looked up leaves nothing behind at the server. */
export class StoredMessages extends Context.Service<
  StoredMessages,
  {
    /** Those that the stream still has, in the order of `sequences`. */
    readonly at: (
      stream: string,
      sequences: ReadonlyArray<number>
    ) => Effect.Effect<ReadonlyArray<TailMessage>, NatsError>
    /** The newest of exactly this subject. */
    readonly last: (stream: string, subject: string) => Effect.Effect<TailMessage | undefined, NatsError>
    /**
     * The first of exactly this subject at or after a sequence. The server goes through all blocks from there on until it finds one, some
     * 14 ms for each, and stores nothing meanwhile. It is for a caller that knows that there is one, and not far.
     */
    readonly next: (
      stream: string,
      subject: string,
      sequence: number
    ) => Effect.Effect<TailMessage | undefined, NatsError>
    /**
     * The stream's first sequence, and since when it has messages, milliseconds since 1970. Of one subject the server takes
     * seconds to say it.
     */
    readonly begin: (
      stream: string
    ) => Effect.Effect<{ readonly first: number; readonly since: number | undefined }, NatsError>
  }
>()("@roost/nats/StoredMessages") {
  /** The clients are named after the app, as whoever looks at nats-server sees. */
  static readonly layer = (app: string): Layer.Layer<StoredMessages, Config.ConfigError, NatsConnection> =>
    Layer.effect(
      StoredMessages,
      Effect.gen(function* () {
        const { connected } = yield* NatsConnection
        const config = yield* NatsConfig
        const managers = yield* RcRef.make({ acquire: open(app, config), idleTimeToLive: idleMillis })
        const asking = <A>(
          operation: string,
          ask: (managers: ReadonlyArray<JetStreamManager>) => Promise<A>
        ): Effect.Effect<A, NatsError> =>
          Effect.scoped(
            Effect.gen(function* () {
              if (!connected()) {
                return yield* new NatsError({
                  reason: "Disconnected",
                  operation,
                  detail: "no nats-server is connected"
                })
              }
              const opened = yield* RcRef.get(managers)
              return yield* fromClient(operation, () => ask(opened)).pipe(
                // A client that lost its server is no good any more.
                Effect.tapError(() => RcRef.invalidate(managers))
              )
            })
          )
        return StoredMessages.of({
          at: (stream, sequences) =>
            asking(`reading ${sequences.length} messages of ${stream}`, async (managers) => {
              const found = new Map<number, TailMessage>()
              let next = 0
              const take = async (manager: JetStreamManager) => {
                while (next < sequences.length) {
                  const sequence = sequences[next++]!
                  const message = await manager.streams.getMessage(stream, { seq: sequence })
                  if (message !== null) found.set(sequence, tailMessage(message))
                }
              }
              await Promise.all(managers.map(take))
              return sequences.flatMap((sequence) => found.get(sequence) ?? [])
            }),
          last: (stream, subject) =>
            asking(`last of ${subject}`, ([manager]) =>
              manager!.streams.getMessage(stream, { last_by_subj: subject })
            ).pipe(Effect.map(known)),
          next: (stream, subject, sequence) =>
            asking(`next of ${subject}`, ([manager]) =>
              manager!.streams.getMessage(stream, nextOf(subject, sequence))
            ).pipe(Effect.map(known)),
          begin: (stream) =>
            asking(`begin of ${stream}`, ([manager]) => manager!.streams.info(stream)).pipe(
              Effect.map(({ state: { first_seq, first_ts, messages } }) => ({
                first: first_seq,
                since: messages === 0 ? undefined : Date.parse(String(first_ts))
              }))
            )
        })
      })
    )
}

const open = (
  app: string,
  config: NatsConfig
): Effect.Effect<ReadonlyArray<JetStreamManager>, NatsError, Scope.Scope> =>
  Effect.flatMap(clientsBeside(app, config, clientsMax), (clients) =>
    fromClient("JetStream", () => Promise.all(clients.map((client) => jetstreamManager(client, { checkAPI: false }))))
  )

/** The client's types lack it. */
const nextOf = (subject: string, sequence: number) => ({ seq: sequence, next_by_subj: subject }) as MsgRequest

const known = (message: StoredMsg | null): TailMessage | undefined =>
  message === null ? undefined : tailMessage(message)

const tailMessage = ({ data, header, seq, subject, time }: StoredMsg): TailMessage => ({
  subject,
  data,
  sequence: seq,
  storedAt: time.getTime(),
  header: (name) => header?.get(name) ?? ""
})
