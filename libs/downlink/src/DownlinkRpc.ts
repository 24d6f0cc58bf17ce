import {
  type Command,
  CurrentIdempotentRequest,
  type DownlinkAnswer,
  type DownlinkProblem,
  downlinkQueue,
  type DownlinkQuestion,
  downlinkRpc,
  type IdempotentRequest
} from "@roost/contracts"
import { serveRpc } from "@roost/nats"
import { Effect, Layer } from "effect"
import { Downlink } from "./Downlink.ts"
import type { Page } from "./StoredCommands.ts"

/** Answers on the bus what the HTTP API answers; the instances of the queue group share the questions. */
export const layerDownlinkRpc = Layer.effectDiscard(
  Effect.gen(function* () {
    const downlink = yield* Downlink
    yield* serveRpc(downlinkRpc, { queue: downlinkQueue }, (question) =>
      ask(downlink, question).pipe(
        Effect.catch((problem: DownlinkProblem) =>
          Effect.succeed<DownlinkAnswer>({
            _tag: "Refused",
            reason: problem._tag,
            detail: problem.detail ?? problem._tag,
            ...(problem._tag === "DeviceOffline" ? { commandId: problem.commandId } : {}),
            problem
          })
        )
      )
    )
  })
)

const ask = (
  downlink: Downlink["Service"],
  question: DownlinkQuestion
): Effect.Effect<DownlinkAnswer, DownlinkProblem> => {
  switch (question._tag) {
    case "Issue":
      return downlink
        .issue(question, question.draft, question)
        .pipe(Effect.map(one), Effect.provideService(CurrentIdempotentRequest, requestOf(question)))
    case "Get":
      return Effect.map(downlink.get(question.commandId), one)
    case "Cancel":
      return Effect.map(downlink.cancel(question.commandId), one)
    case "CancelAll":
      return Effect.map(downlink.cancelAll(question), (commands): DownlinkAnswer => ({ _tag: "Answered", commands }))
    case "List":
      return Effect.map(downlink.list(question, question), (page): DownlinkAnswer => ({
        _tag: "Answered",
        ...fitting(page)
      }))
  }
}

/** As much of a page as one message carries; what is left is the next page's. */
const fitting = ({ commands, ...next }: Page): Page => {
  let bytes = 0
  const end = commands.findIndex((command, index) => {
    bytes += 4 * command.payload.length + Buffer.byteLength(JSON.stringify({ ...command, payload: "" }))
    return bytes > answerBytesMax && index > 0
  })
  return end === -1
    ? { commands, ...next }
    : { commands: commands.slice(0, end), nextCursor: commands[end - 1]!.commandId }
}

/** Of the mebibyte that nats-server takes in a message. */
const answerBytesMax = 768 * 1024

const requestOf = ({ request }: DownlinkQuestion & { readonly _tag: "Issue" }): IdempotentRequest | undefined =>
  request === undefined ? undefined : { ...request, seed: Buffer.from(request.seed, "base64") }

const one = (command: Command): DownlinkAnswer => ({ _tag: "Answered", commands: [command] })
