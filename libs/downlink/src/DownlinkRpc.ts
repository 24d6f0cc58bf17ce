import {
  type Command,
  CurrentIdempotentRequest,
  type DownlinkAnswer,
  downlinkQueue,
  type DownlinkQuestion,
  downlinkRpc,
  type IdempotentRequest
} from "@roost/contracts"
import { serveRpc } from "@roost/nats"
import { Effect, Layer } from "effect"
import { Downlink } from "./Downlink.ts"

/** Answers on the bus what the HTTP API answers; the instances of the queue group share the questions. */
export const layerDownlinkRpc = Layer.effectDiscard(
  Effect.gen(function* () {
    const downlink = yield* Downlink
    yield* serveRpc(downlinkRpc, { queue: downlinkQueue }, (question) =>
      ask(downlink, question).pipe(
        Effect.catch((problem: Problem) =>
          Effect.succeed<DownlinkAnswer>({
            _tag: "Refused",
            reason: problem._tag,
            detail: problem.detail ?? problem._tag,
            ...(problem._tag === "DeviceOffline" ? { commandId: problem.commandId } : {})
          })
        )
      )
    )
  })
)

/** Every problem of the HTTP API that a question may end in. */
type Problem = Effect.Error<
  | ReturnType<Downlink["Service"]["issue"]>
  | ReturnType<Downlink["Service"]["get"]>
  | ReturnType<Downlink["Service"]["cancel"]>
>

const ask = (downlink: Downlink["Service"], question: DownlinkQuestion): Effect.Effect<DownlinkAnswer, Problem> => {
  switch (question._tag) {
    case "Issue":
      return downlink
        .issue(question, question.draft, question)
        .pipe(Effect.map(one), Effect.provideService(CurrentIdempotentRequest, requestOf(question)))
    case "Get":
      return Effect.map(downlink.get(question.commandId), one)
    case "Cancel":
      return Effect.map(downlink.cancel(question.commandId), one)
    case "List":
      return Effect.map(downlink.list(question, question), (page): DownlinkAnswer => ({ _tag: "Answered", ...page }))
  }
}

const requestOf = ({ request }: DownlinkQuestion & { readonly _tag: "Issue" }): IdempotentRequest | undefined =>
  request === undefined ? undefined : { ...request, seed: Buffer.from(request.seed, "base64") }

const one = (command: Command): DownlinkAnswer => ({ _tag: "Answered", commands: [command] })
