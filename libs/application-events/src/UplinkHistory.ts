import {
  encodeToken,
  type StoredUplink,
  Streams,
  trailMax,
  UplinkHeader,
  type UplinkMessage,
  uplinkPayload
} from "@roost/contracts"
import { UplinkKind } from "@roost/enos"
import { type NatsError, StoredMessages, type TailMessage } from "@roost/nats"
import { Clock, Effect } from "effect"

/** Selects the uplinks of a device to read, newest first. */
export interface UplinkQuery {
  readonly productKey: string
  readonly deviceKey: string
  readonly kind?: UplinkKind | undefined
  /** Received at or after this, milliseconds since 1970. */
  readonly from: number
  /** Received before this. */
  readonly to: number
  /** With lower sequences than this only. */
  readonly before: number
  readonly limit: number
  /** Sequences of its uplinks of kind `measurepoint`, oldest first, without a gap from the first one on. */
  readonly trail: ReadonlyArray<number>
  /** Some of those, read already, in the order of their sequences. */
  readonly copies: ReadonlyArray<UplinkMessage>
  /** How long to look for what no trail leads to, `searchMillisMax` unless given. */
  readonly searchMillis?: number
}

export interface UplinkPage {
  readonly uplinks: ReadonlyArray<StoredUplink>
  /** There are older ones than the last of these. */
  readonly more: boolean
  /** There may be older ones, too far apart to be looked for. */
  readonly incomplete: boolean
}

/** How long a page looks for uplinks that no trail leads to. */
const searchMillisMax = 200
/**
 * Messages of the whole stream between an uplink and the one before it, if that is to be found without a trail. nats-server 2.9
 * goes through all of their blocks, some 14 ms of CPU for each 20 000, and stores nothing meanwhile.
 */
const apartMax = 100_000
const stepMin = 5_000

/**
 * Reads back from the newest, without a consumer. A stream knows the last message of a subject, and the next one from a
 * sequence on, not the one before. That one is in the trail, or it is looked for in steps.
 */
export const readUplinks = Effect.fnUntraced(function* (
  query: UplinkQuery
): Effect.fn.Return<UplinkPage, NatsError, StoredMessages> {
  const { deviceKey, from, kind, limit, productKey, searchMillis = searchMillisMax, to } = query
  const until = (yield* Clock.currentTimeMillis) + searchMillis
  const kinds = kind === undefined ? UplinkKind : [kind]
  const read = yield* Effect.forEach(kinds, (one) => {
    const subject = `roost.uplink.${encodeToken(productKey)}.${encodeToken(deviceKey)}.${one}`
    return readBack(subject, one === "measurepoint" ? query : { ...query, trail: [], copies: [] }, until)
  })
  // A kind that was not read to its end may have some between those of the others.
  const end = Math.max(0, ...read.map(({ messages, unread }) => (unread ? (messages.at(-1)?.sequence ?? 0) : 0)))
  const found = read.flatMap(({ messages }) => messages).filter(({ sequence }) => sequence >= end)
  const newest = found.toSorted((a, b) => b.sequence - a.sequence)
  const page = newest.slice(0, limit)
  return {
    uplinks: page.map(uplinkOf).filter(({ time }) => time >= from && time < to),
    // Clocks of hosts differ: a second before `from` nothing is any more.
    more: newest.length > limit && page.at(-1)!.storedAt >= from - 1_000,
    incomplete: newest.length <= limit && read.some(({ unread }) => unread)
  }
})

/** Newest first, up to one more than a page has. `unread`: there may be older ones. */
const readBack = Effect.fnUntraced(function* (
  subject: string,
  { before, copies, from, limit, trail }: UplinkQuery,
  until: number
) {
  const stored = yield* StoredMessages
  const stream = Streams.uplink.name
  const last = yield* stored.last(stream, subject)
  if (last === undefined) return { messages: [], unread: false }
  const noted = trail.filter((sequence) => sequence <= last.sequence)
  // Uplinks that came since the trail was noted, which are a second's.
  const since = noted.length === 0 ? [last] : yield* forward(subject, noted.at(-1)! + 1, last.sequence)
  const wanted = limit + 1
  const older = noted
    .filter((sequence) => sequence < before)
    .toReversed()
    .slice(0, wanted)
  const copied = yield* trusted(subject, copies, last)
  const uncopied = yield* stored.at(
    stream,
    older.filter((sequence) => !copied.has(sequence))
  )
  // A stream that was set back gives a sequence again, to another device's.
  const read = new Map(uncopied.filter((message) => message.subject === subject).map((one) => [one.sequence, one]))
  const messages = [
    ...since.toReversed().filter(({ sequence }) => sequence < before),
    ...older.flatMap((sequence) => copied.get(sequence) ?? read.get(sequence) ?? [])
  ]
  if (messages.length >= wanted) return { messages: messages.slice(0, wanted), unread: false }
  // The oldest that is known to be there: each question ends at it.
  let known = noted[0] ?? last.sequence
  if (before < known) {
    const [cursor] = yield* stored.at(stream, [before])
    if (cursor?.subject !== subject) return { messages, unread: true }
    known = before
  }
  // A trail that is not full has all that came since trails are kept.
  if (before > known && noted.length > 0 && noted.length < trailMax) return { messages, unread: false }
  const { first } = yield* stored.begin(stream)
  for (let step = stepMin; known > first && messages.length < wanted && (messages.at(-1)?.storedAt ?? from) >= from;) {
    if (step > apartMax || (yield* Clock.currentTimeMillis) > until) return { messages, unread: true }
    const start = Math.max(first, known - step)
    const found = yield* forward(subject, start, known - 1)
    if (found.length === 0 && start === first) break
    if (found.length === 0) step *= 2
    else {
      messages.push(...found.toReversed())
      step = Math.min(apartMax, Math.max(stepMin, Math.ceil((known - found[0]!.sequence) / found.length)))
      known = found[0]!.sequence
    }
  }
  return { messages: messages.slice(0, wanted), unread: false }
})

/**
 * The copies of what the stream still has. It loses its beginning as it grows old or is purged, so the oldest of them is looked for. A
 * stream that was set back loses its end, and gives sequences again. A copy that is older than one before it is of the lost ones.
 */
const trusted = Effect.fnUntraced(function* (
  subject: string,
  copies: ReadonlyArray<UplinkMessage>,
  last: TailMessage
): Effect.fn.Return<ReadonlyMap<number, TailMessage>, NatsError, StoredMessages> {
  const trust = new Map<number, TailMessage>()
  if (copies.length === 0) return trust
  const stored = yield* StoredMessages
  const { first, since } = yield* stored.begin(Streams.uplink.name)
  let newest = (since ?? Infinity) - roundingMillis
  for (const copy of copies) {
    if (copy.sequence < first || copy.sequence > last.sequence || copy.storedAt < newest) continue
    newest = copy.storedAt
    trust.set(copy.sequence, { ...copy, subject })
  }
  const [oldest] = trust.keys()
  if (oldest === undefined) return trust
  const [there] = yield* stored.at(Streams.uplink.name, [oldest])
  return there?.subject === subject && Math.abs(there.storedAt - trust.get(oldest)!.storedAt) <= roundingMillis
    ? trust
    : new Map()
})

/** A consumer tells the time of a message as a number that can't hold all of its nanoseconds. */
const roundingMillis = 1

/** In order, from one sequence to another. There is one behind, where the server stops at the latest. */
const forward = Effect.fnUntraced(function* (subject: string, from: number, to: number) {
  const stored = yield* StoredMessages
  const messages: Array<TailMessage> = []
  for (let at = from; at <= to;) {
    const message = yield* stored.next(Streams.uplink.name, subject, at)
    if (message === undefined || message.sequence > to) break
    messages.push(message)
    at = message.sequence + 1
  }
  return messages
})

const uplinkOf = ({ data, header, sequence, storedAt, subject }: TailMessage): StoredUplink => {
  const method = header(UplinkHeader.method)
  return {
    sequence,
    time: Number(header(UplinkHeader.time)) || storedAt,
    kind: subject.split(".").at(-1)!,
    topic: header(UplinkHeader.topic),
    method,
    ...uplinkPayload(data, method !== "")
  }
}
