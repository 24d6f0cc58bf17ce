import { type Command, type CommandState, isPending } from "@roost/contracts"
import { CommandCode, isSuccess } from "@roost/enos"

/** The inputs to a command. Times in milliseconds since 1970. */
export type CommandInput =
  /** Option 2100 announced it. */
  | { readonly _tag: "Hinted"; readonly at: number }
  /** The device fetched it, for the `delivery`th time. */
  | { readonly _tag: "Fetched"; readonly at: number; readonly delivery: number }
  | {
      readonly _tag: "Replied"
      readonly at: number
      readonly code: number
      readonly message?: string | undefined
      readonly data?: unknown
    }
  /** `by`, newer and of the same effect, was answered first. */
  | { readonly _tag: "Overtaken"; readonly at: number; readonly by: string }
  | { readonly _tag: "Cancelled"; readonly at: number }
  /** There is nobody any more to fetch it, or to reply. */
  | { readonly _tag: "DeviceDeleted"; readonly at: number }
  /** Time went on: whatever is due at `at` happens. */
  | { readonly _tag: "TimePassed"; readonly at: number }

/**
 * The command after `input`, or undefined if it changes nothing: the states of enos-protocol §8.1 and contract §7.12–7.14.
 *
 * ```
 *            Cancelled, DeviceDeleted (11705) ──► cancelled
 *           ╱ TimePassed ► expired; failed (11904) if instant
 *   created ─ Fetched ───► sent ── Replied ──► succeeded, failed
 *           ╲ Replied        │╲╲── TimePassed ► timedOut (11915), after the last delivery, or the one before Overtaken
 *            ╲► succeeded,   │ ╰── DeviceDeleted ► failed (11705)
 *               failed       ╰ Fetched ► sent, once more
 * ```
 *
 * Events of one command may come in another order than they happened in, hence a reply to what is still `created`.
 */
export const transition = (command: Command, input: CommandInput): Command | undefined =>
  transitions[command.state]?.[input._tag]?.(command, input as never)

/**
 * When `TimePassed` changes the command next; undefined once it has ended. A command that was delivered is offered
 * again until its deliveries or its `pendingTtl` are used up; the last one has `timeout` too.
 */
export const deadlineOf = (command: Command): number | undefined => {
  if (command.state === "created") return command.expiresAt
  if (command.state !== "sent" || command.sentAt === undefined) return undefined
  const reply = command.sentAt + command.timeoutSeconds * 1000
  const isLast = command.deliveries >= command.maxDeliveries || command.overtakenBy !== undefined
  return isLast ? reply : Math.max(reply, command.expiresAt)
}

type Step<Tag extends CommandInput["_tag"]> = (
  command: Command,
  input: Extract<CommandInput, { readonly _tag: Tag }>
) => Command | undefined

const hinted: Step<"Hinted"> = (command, { at }) =>
  command.hintedAt === undefined ? { ...command, hintedAt: at } : undefined

const fetched: Step<"Fetched"> = (command, { at, delivery }) =>
  delivery <= command.deliveries
    ? undefined
    : {
        ...command,
        state: "sent",
        deliveries: delivery,
        fetchedAt: command.fetchedAt ?? at,
        sentAt: Math.max(at, command.sentAt ?? 0)
      }

const replied: Step<"Replied"> = (command, { at, code, message, data }) => ({
  ...command,
  state: isSuccess(code) ? "succeeded" : "failed",
  deliveries: Math.max(1, command.deliveries),
  repliedAt: at,
  finishedAt: at,
  code,
  ...(message === undefined ? {} : { message }),
  ...(data === undefined ? {} : { data })
})

const overtaken: Step<"Overtaken"> = (command, { at, by }) => {
  if (command.overtakenBy !== undefined) return undefined
  const known = { ...command, overtakenBy: by }
  return command.state === "created" ? timedOut(known, at) : known
}

const timedOut = (command: Command, at: number): Command => {
  const { overtakenBy } = command
  const known = overtakenBy === undefined ? command : { ...command, message: `overtaken by ${overtakenBy}` }
  return ended(known, "timedOut", at, CommandCode.responseTimedOut)
}

const ended = (command: Command, state: CommandState, at: number, code?: number): Command => ({
  ...command,
  state,
  finishedAt: at,
  ...(code === undefined ? {} : { code })
})

const deleted = "the device was deleted"

const due = (command: Command, at: number): boolean => at >= (deadlineOf(command) ?? Infinity)

const transitions: {
  readonly [State in CommandState]?: { readonly [Tag in CommandInput["_tag"]]?: Step<Tag> }
} = {
  created: {
    Hinted: hinted,
    Fetched: fetched,
    Replied: replied,
    Overtaken: overtaken,
    Cancelled: (command, { at }) => ended(command, "cancelled", at),
    DeviceDeleted: (command, { at }) =>
      ended({ ...command, message: deleted }, "cancelled", at, CommandCode.noSuchDevice),
    TimePassed: (command, { at }) => {
      if (!due(command, at)) return undefined
      return command.instant ? ended(command, "failed", at, CommandCode.notSent) : ended(command, "expired", at)
    }
  },
  sent: {
    Hinted: hinted,
    Fetched: fetched,
    Replied: replied,
    Overtaken: overtaken,
    DeviceDeleted: (command, { at }) => ended({ ...command, message: deleted }, "failed", at, CommandCode.noSuchDevice),
    TimePassed: (command, { at }) => (due(command, at) ? timedOut(command, at) : undefined)
  }
}

/** Whether `command` has ended and is only to be moved to the history. */
export const hasEnded = (command: Command): boolean => !isPending(command.state)
