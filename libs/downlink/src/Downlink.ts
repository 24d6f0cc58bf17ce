import {
  type Command,
  CommandIds,
  CommandNotCancellable,
  CommandNotOfModel,
  type CommandState,
  DeviceDisabled,
  DeviceNotActivated,
  DeviceOffline,
  NoSuchCommand,
  NoSuchDevice,
  NotEncodable,
  TemporarilyUnavailable,
  TooManyPending
} from "@roost/contracts"
import { mayHaveHappenedDetail } from "@roost/http"
import { NatsConnection, NatsError } from "@roost/nats"
import { ScriptPool } from "@roost/raw-script"
import { Context, Effect, Layer } from "effect"
import type { CommandDraft } from "./CommandDraft.ts"
import { CommandStore } from "./CommandStore.ts"
import { type DeviceName, registeredAt } from "./DeviceStanding.ts"
import { issueCommand, type IssueOptions } from "./Issuing.ts"
import { cancelCommand, cancelCommands, findCommand, listCommands, type Page } from "./StoredCommands.ts"
import { ThingModels } from "./ThingModels.ts"

type Refusal =
  | NoSuchDevice
  | DeviceNotActivated
  | DeviceDisabled
  | DeviceOffline
  | TooManyPending
  | CommandNotOfModel
  | NotEncodable

/** Applications' operations on commands. Errors are the problems of the HTTP API. */
export class Downlink extends Context.Service<
  Downlink,
  {
    /** Stored before this succeeds. */
    readonly issue: (
      device: DeviceName,
      draft: CommandDraft,
      options: IssueOptions
    ) => Effect.Effect<Command, Refusal | TemporarilyUnavailable>
    readonly get: (commandId: string) => Effect.Effect<Command, NoSuchCommand | TemporarilyUnavailable>
    readonly cancel: (
      commandId: string
    ) => Effect.Effect<Command, NoSuchCommand | CommandNotCancellable | TemporarilyUnavailable>
    /** Cancels whatever of the device was not sent yet, oldest first; says which. */
    readonly cancelAll: (device: DeviceName) => Effect.Effect<ReadonlyArray<Command>, TemporarilyUnavailable>
    /** Newest first; `cursor` is the `nextCursor` of the page before. */
    readonly list: (
      device: DeviceName,
      query: { readonly state?: CommandState; readonly cursor?: string; readonly limit: number }
    ) => Effect.Effect<Page, TemporarilyUnavailable>
  }
>()("@roost/downlink/Downlink") {
  static readonly layer: Layer.Layer<Downlink, never, CommandStore | ThingModels | NatsConnection> = Layer.effect(
    Downlink,
    Effect.gen(function* () {
      const store = yield* CommandStore
      const connection = yield* NatsConnection
      const scripts = yield* Effect.acquireRelease(
        Effect.sync(() => new ScriptPool()),
        (pool) => Effect.promise(() => pool.close())
      )
      const issuer = { store, scripts, models: yield* ThingModels, ids: new CommandIds(Math.random) }
      return Downlink.of({
        issue: (device, draft, options) =>
          issueCommand(issuer, device, draft, options).pipe(
            Effect.provideService(NatsConnection, connection),
            unavailable
          ),
        get: (commandId) => findCommand(store, commandId).pipe(unavailable),
        cancel: (commandId) => cancelCommand(store, commandId).pipe(unavailable),
        cancelAll: (device) => cancelCommands(store, device).pipe(unavailable),
        list: (device, query) =>
          Effect.flatMap(registeredAt(device), (since) => listCommands(store, device, since, query)).pipe(
            Effect.provideService(NatsConnection, connection),
            unavailable
          )
      })
    })
  )
}

/** A failure of NATS, told without its inner names. */
const unavailable = <A, E, R>(
  effect: Effect.Effect<A, E | NatsError, R>
): Effect.Effect<A, Exclude<E, NatsError> | TemporarilyUnavailable, R> =>
  Effect.catchIf(
    effect,
    (error): error is Extract<E | NatsError, NatsError> => error instanceof NatsError,
    (error) =>
      Effect.logWarning(error.message).pipe(
        Effect.andThen(
          Effect.fail(
            new TemporarilyUnavailable({
              detail: error.operation.startsWith("request ")
                ? "The registry does not answer."
                : error.reason === "Timeout"
                  ? mayHaveHappenedDetail
                  : "The store does not answer. Nothing was changed."
            })
          )
        )
      )
  ) as Effect.Effect<A, Exclude<E, NatsError> | TemporarilyUnavailable, R>
