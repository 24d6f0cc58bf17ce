import type { IssuedCommand } from "./deviceQueries.ts"

/** The steps of a command, in the order in which they happen. */
export const commandSteps = ["created", "hinted", "fetched", "sent", "replied", "finished"] as const
export type CommandStep = (typeof commandSteps)[number]

export interface CommandTime {
  readonly step: CommandStep
  /** Milliseconds since 1970; undefined: it did not come to this yet, or never will. */
  readonly at: number | undefined
}

/** The six times of a command. `sent` is its last delivery, and says nothing new where it is the first. */
export const commandTimes = (command: IssuedCommand): ReadonlyArray<CommandTime> =>
  commandSteps.map((step) => ({ step, at: command[`${step}At`] }))

export interface CommandSpan {
  readonly from: CommandStep
  readonly to: CommandStep | "now"
  readonly millis: number
  /** Of the width of the bar, 0 to 1. */
  readonly share: number
}

/** Of the bar's width that a span has at least, so that the quick ones can be seen beside an hour's wait. */
const shareMin = 0.06

/** The spans of a command's bar: the waits between those of its times that are known, and the one that lasts. */
export const commandSpans = (command: IssuedCommand, now: number): ReadonlyArray<CommandSpan> => {
  const known = commandTimes(command).filter((time): time is { step: CommandStep; at: number } => time.at !== undefined)
  const ends: ReadonlyArray<{ readonly step: CommandStep | "now"; readonly at: number }> =
    command.finishedAt === undefined ? [...known, { step: "now", at: Math.max(now, known.at(-1)!.at) }] : known
  const spans = ends.slice(1).flatMap(({ at, step }, index) => {
    const from = ends[index]!
    // A reply ends a command in the same moment: there is no wait to draw.
    return at <= from.at && step !== "now"
      ? []
      : [{ from: from.step as CommandStep, to: step, millis: Math.max(0, at - from.at) }]
  })
  const whole = spans.reduce((sum, { millis }) => sum + millis, 0)
  const free = 1 - shareMin * spans.length
  return spans.map(({ from, millis, to }) => {
    const share = shareMin + (whole === 0 ? free / spans.length : (free * millis) / whole)
    return { from, to, millis, share }
  })
}
