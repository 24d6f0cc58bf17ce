import { type Command, type DownlinkAnswer, downlinkQueue, type DownlinkQuestion, downlinkRpc } from "@roost/contracts"
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
      return Effect.map(downlink.issue(question, question.draft, question), one)
    case "Get":
      return Effect.map(downlink.get(question.commandId), one)
    case "Cancel":
      return Effect.map(downlink.cancel(question.commandId), one)
    case "List":
      return Effect.map(downlink.list(question, question), (page): DownlinkAnswer => ({ _tag: "Answered", ...page }))
  }
}

const one = (command: Command): DownlinkAnswer => ({ _tag: "Answered", commands: [command] })
