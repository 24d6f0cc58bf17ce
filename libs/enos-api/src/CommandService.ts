import { type Command, type DownlinkQuestion, downlinkRpc } from "@roost/contracts"
import { NatsConnection, requestRpc } from "@roost/nats"
import { Context, Effect, Layer } from "effect"
import { ApiCode, EnosFailure, failed, refusalNamed } from "./EnosAnswer.ts"

/** downlink-queue asks the registry (2 s) and the device's actor (1 s) before it stores a command. */
const answerMillisMax = 5_000

/** The calls about commands need this of downlink-queue, wherever it runs. */
export class CommandService extends Context.Service<
  CommandService,
  {
    readonly ask: (question: DownlinkQuestion) => Effect.Effect<Commands, EnosFailure>
  }
>()("@roost/enos-api/CommandService") {
  /** Over NATS (docs/architecture.md §4). */
  static readonly layer: Layer.Layer<CommandService, never, NatsConnection> = Layer.effect(
    CommandService,
    Effect.map(NatsConnection, (connection) =>
      CommandService.of({
        ask: Effect.fn("CommandService.ask")(function* (question) {
          const answer = yield* requestRpc(downlinkRpc, question, answerMillisMax).pipe(
            Effect.provideService(NatsConnection, connection),
            Effect.catch((error) =>
              Effect.logWarning(error.message).pipe(
                Effect.andThen(
                  Effect.fail(
                    failed(
                      ApiCode.internal,
                      "The service of commands does not answer.",
                      undefined,
                      "temporarily-unavailable"
                    )
                  )
                )
              )
            )
          )
          if (answer._tag === "Answered") return answer
          const { commandId, detail, reason } = answer
          const code = codeOf[reason] ?? ApiCode.internal
          return yield* failed(code, detail, commandId === undefined ? undefined : { commandId }, refusalNamed(reason))
        })
      })
    )
  )
}

export interface Commands {
  readonly commands: ReadonlyArray<Command>
  readonly nextCursor?: string
}

const codeOf: Readonly<Record<string, number>> = {
  NoSuchDevice: ApiCode.noSuchDevice,
  DeviceNotActivated: ApiCode.deviceNotActivated,
  DeviceDisabled: ApiCode.deviceDisabled,
  DeviceOffline: ApiCode.deviceOffline,
  TooManyPending: ApiCode.cacheFull,
  CommandNotOfModel: ApiCode.invalidArgument,
  NotEncodable: ApiCode.cannotEncode,
  NoSuchCommand: ApiCode.notFound,
  CommandNotCancellable: ApiCode.invalidArgument
}
