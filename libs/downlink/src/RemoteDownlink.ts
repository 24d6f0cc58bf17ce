import {
  type Command,
  CurrentIdempotentRequest,
  type DownlinkProblem,
  type DownlinkQuestion,
  downlinkRpc,
  TemporarilyUnavailable
} from "@roost/contracts"
import { mayHaveHappenedDetail } from "@roost/http"
import { NatsConnection, type NatsError, requestRpc } from "@roost/nats"
import { Effect, Layer } from "effect"
import { Downlink } from "./Downlink.ts"
import type { Page } from "./StoredCommands.ts"

/** downlink-queue asks the registry (5 s) and the device's actor (1 s) before it stores a command. */
const answerMillisMax = 8_000

/**
 * `Downlink` as whoever has no downlink-queue in its own process sees it. Each call is a question on NATS, and its refusals are the
 * problems that the HTTP API of downlink-queue has.
 */
export const layerRemoteDownlink: Layer.Layer<Downlink, never, NatsConnection> = Layer.effect(
  Downlink,
  Effect.map(NatsConnection, (connection) => {
    const ask = Effect.fnUntraced(function* (question: DownlinkQuestion) {
      const answer = yield* requestRpc(downlinkRpc, question, answerMillisMax).pipe(
        Effect.provideService(NatsConnection, connection),
        Effect.catch((error) => unanswered(question, error))
      )
      if (answer._tag === "Answered") return answer
      return yield* Effect.fail(answer.problem ?? new TemporarilyUnavailable({ detail: answer.detail }))
    })
    /** Of what the question may end in; another problem is a fault of downlink-queue. */
    const asked = <E extends DownlinkProblem>(question: DownlinkQuestion) =>
      ask(question) as unknown as Effect.Effect<Page, E | TemporarilyUnavailable>
    const one = <E extends DownlinkProblem>(
      question: DownlinkQuestion
    ): Effect.Effect<Command, E | TemporarilyUnavailable> =>
      Effect.map(asked<E>(question), ({ commands }) => commands[0]!)
    return Downlink.of({
      issue: Effect.fnUntraced(function* ({ deviceKey, productKey }, draft, { pendingTtl, timeout, unchecked }) {
        const request = yield* CurrentIdempotentRequest
        return yield* one<IssueProblem>({
          _tag: "Issue",
          productKey,
          deviceKey,
          draft,
          pendingTtl,
          timeout,
          ...(unchecked !== undefined && { unchecked }),
          ...(request !== undefined && {
            request: { ...request, seed: Buffer.from(request.seed).toString("base64") }
          })
        })
      }),
      get: (commandId) => one({ _tag: "Get", commandId }),
      cancel: (commandId) => one({ _tag: "Cancel", commandId }),
      cancelAll: ({ deviceKey, productKey }) =>
        Effect.map(asked<never>({ _tag: "CancelAll", productKey, deviceKey }), ({ commands }) => commands),
      list: ({ deviceKey, productKey }, { cursor, limit, state }) =>
        Effect.map(
          asked<never>({
            _tag: "List",
            productKey,
            deviceKey,
            limit,
            ...(state !== undefined && { state }),
            ...(cursor !== undefined && { cursor })
          }),
          ({ commands, nextCursor }) => ({ commands, ...(nextCursor !== undefined && { nextCursor }) })
        )
    })
  })
)

type IssueProblem = Extract<Effect.Error<ReturnType<Downlink["Service"]["issue"]>>, DownlinkProblem>

const unanswered = ({ _tag }: DownlinkQuestion, error: NatsError) => {
  const mayHaveHappened = error.reason === "Timeout" && _tag !== "Get" && _tag !== "List"
  const detail = mayHaveHappened ? mayHaveHappenedDetail : "downlink-queue does not answer. Nothing was changed."
  return Effect.andThen(
    Effect.logWarning(error.message),
    Effect.fail(new TemporarilyUnavailable({ detail, mayHaveHappened }))
  )
}
