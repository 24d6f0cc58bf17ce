import { isJsonNumber, numeralOf } from "./json/ExactNumber.ts"
import { isRecord } from "./model/ValueCheck.ts"

/** A `time` so far ahead of the reception is told: no network takes that long to bring a message. */
export const timeAheadMillisMax = 600_000

/** So far behind, too, but in what is resumed: that is old on purpose. */
export const timeBehindMillisMax = 86_400_000

/** An odd time: by which mistake, and in words. */
export interface OddTime {
  readonly fault: OddTimeFault
  readonly text: string
}

export type OddTimeFault =
  | "not-set"
  | "in-seconds"
  | "in-microseconds"
  | "in-nanoseconds"
  | "since-2000"
  | "since-start"
  | "in-local-time"
  | "far-off"

/**
 * The oddity in the times of an accepted message, for the operator; undefined if there is none. They are stored as they were
 * written, so a clock in seconds would else be found out by nobody: the latest values stand still.
 */
export const oddTimeOf = (method: string, params: unknown, receivedAt: number): OddTime | undefined => {
  const posts: ReadonlyArray<unknown> = Array.isArray(params) ? params : [params]
  for (const post of posts) {
    const written = isRecord(post) ? post["time"] : undefined
    if (!isJsonNumber(written)) continue
    const time = Number(numeralOf(written))
    if (time - receivedAt <= timeAheadMillisMax && receivedAt - time <= behindMax(method)) continue
    const fault = faultOf(time, receivedAt)
    const cause = fault === "far-off" ? "" : `; likely cause: ${causes[fault]}`
    return { fault, text: `time ${shownTime(numeralOf(written))} is ${distance(time - receivedAt)}${cause}` }
  }
  return undefined
}

/** Resumed measurements may be years old, but not older than 2001: then it is no count of milliseconds. */
const behindMax = (method: string): number =>
  method.startsWith("thing.measurepoint.resume") ? 25 * year : timeBehindMillisMax

const faultOf = (time: number, receivedAt: number): OddTimeFault => {
  const near = (millis: number) => Math.abs(millis - receivedAt) <= year
  if (time === 0) return "not-set"
  if (near(time * 1000)) return "in-seconds"
  if (near(time / 1000)) return "in-microseconds"
  if (near(time / 1_000_000)) return "in-nanoseconds"
  if (near(time + 946_684_800_000)) return "since-2000"
  if (time < year) return "since-start"
  return Math.abs(time - receivedAt) <= 14 * hour ? "in-local-time" : "far-off"
}

const causes: Readonly<Record<Exclude<OddTimeFault, "far-off">, string>> = {
  "not-set": "the device's clock is not set; leave time out and the platform's counts",
  "in-seconds": "the time is in seconds; EnOS wants milliseconds since 1970",
  "in-microseconds": "the time is in microseconds; EnOS wants milliseconds since 1970",
  "in-nanoseconds": "the time is in nanoseconds; EnOS wants milliseconds since 1970",
  "since-2000": "the time counts from 2000; EnOS wants milliseconds since 1970",
  "since-start": "the time counts from the device's start; EnOS wants milliseconds since 1970",
  "in-local-time": "the clock is set to local time; EnOS wants UTC"
}

const distance = (millis: number): string => {
  const far = Math.abs(millis)
  const where = millis > 0 ? "ahead of" : "behind"
  const amount = far > 2 * year ? far / year : far > 2 * day ? far / day : far > 2 * hour ? far / hour : far / 60_000
  const unit = far > 2 * year ? "years" : far > 2 * day ? "days" : far > 2 * hour ? "hours" : "minutes"
  return `${far > 1_000_000 * year ? "more than a million" : Math.round(amount)} ${unit} ${where} its reception`
}

const shownTime = (numeral: string): string => (numeral.length <= 40 ? numeral : `${numeral.slice(0, 40)}…`)

const hour = 3_600_000
const day = 24 * hour
const year = 365.25 * day
