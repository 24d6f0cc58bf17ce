import { isPending, type CommandState } from "@roost/contracts"
import { Effect, Option } from "effect"
import { Flag } from "effect/cli"
import { Failure, SaidNo } from "../Failure.ts"
import { printAnswer } from "../output/print.ts"
import { Printer } from "../output/Printer.ts"
import { Api } from "./Api.ts"
import { operations } from "./Operation.ts"
import { durationSeconds } from "./Times.ts"

/** Of commands for devices. */
export const waitingFlags = {
  wait: Flag.Boolean("wait").pipe(
    Flag.withDescription("wait for the end of the command; exit code 1 where it did not succeed"),
    Flag.withDefault(false)
  ),
  waitMax: Flag.String("wait-max").pipe(
    Flag.withMetavar("DURATION"),
    Flag.withDescription("wait so long at most, such as 30s, then exit code 8; a command ends by itself in the end"),
    Flag.mapTryCatch(durationSeconds, (error) => (error as Error).message),
    Flag.optional
  ),
  quiet: Flag.Boolean("quiet").pipe(
    Flag.withAlias("q"),
    Flag.withDescription("print the command's id alone"),
    Flag.withDefault(false)
  )
}

export interface Waiting {
  readonly wait: boolean
  readonly waitMax: Option.Option<number>
  readonly quiet: boolean
}

/** How often the state is asked for. */
const askMillis = 500

interface Issued {
  readonly commandId: string
  readonly state: CommandState
  readonly message?: string
  readonly code?: number
}

/** Prints what became of a command that was issued, at once or at its end. */
export const follow = Effect.fnUntraced(function* (accepted: unknown, { quiet, wait, waitMax }: Waiting) {
  const printer = yield* Printer
  const { commandId } = accepted as Issued
  if (!wait && Option.isNone(waitMax)) return yield* quiet ? printer.out(commandId) : printAnswer(accepted)
  const { call } = yield* Api
  let told: CommandState | undefined
  const read = Effect.gen(function* () {
    const issued = (yield* call(operations.get("getCommand")!, { params: { commandId } })) as Issued
    if (issued.state !== told) yield* printer.tell(`${commandId}  ${meanings[issued.state]}`)
    told = issued.state
    return issued
  })
  const ended = Effect.gen(function* () {
    for (;;) {
      const issued = yield* read
      if (!isPending(issued.state)) return issued
      yield* Effect.sleep(askMillis)
    }
  })
  const issued = yield* Option.match(waitMax, {
    onNone: () => ended,
    onSome: (seconds) =>
      Effect.timeoutOrElse(ended, { duration: seconds * 1000, orElse: () => tooLate(commandId, seconds, told) })
  })
  yield* quiet ? printer.out(commandId) : printAnswer(issued)
  if (issued.state !== "succeeded") return yield* new SaidNo({ outcome: "saysNo" })
})

const tooLate = (commandId: string, seconds: number, state: CommandState | undefined) =>
  new Failure({
    outcome: "tooLate",
    what: `after ${seconds} s the command ${commandId} is still ${state === undefined ? "there" : meanings[state]}`,
    cause: state === "sent" ? "the device took it and has not replied yet" : "its device has not come for it",
    cure: `roost commands get ${commandId} says what became of it; roost commands cancel ${commandId} calls it off`
  })

const meanings: Readonly<Record<CommandState, string>> = {
  created: "waits for its device",
  sent: "the device fetched it",
  succeeded: "succeeded",
  failed: "failed",
  timedOut: "timed out: the device fetched it and never replied",
  expired: "expired: the device did not come for it in time (--ttl)",
  cancelled: "was cancelled"
}
