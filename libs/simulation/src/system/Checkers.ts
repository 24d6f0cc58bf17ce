import { isPending } from "@roost/contracts"
import type { UplinkRecord } from "@roost/device-session"
import { decodeRequest } from "@roost/enos"
import * as Result from "effect/Result"
import type { Conditions } from "./Conditions.ts"
import { edgeJoin } from "./Faults.ts"
import type { Exchange, Recording } from "./Recording.ts"
import type { SimulatedStore } from "./SimulatedStore.ts"
import { epochMillis } from "./Surroundings.ts"

export interface Finished {
  readonly recording: Recording
  readonly conditions: Conditions
  readonly store: SimulatedStore
  readonly lifetimeMillisOf: (device: string) => number
  readonly endedAt: number
}

/** The violations of a schedule that has ended, as sentences for a reader; empty if all is well. */
export const violationsOf = (finished: Finished): ReadonlyArray<string> => [
  ...troubles(finished),
  ...nonces(finished),
  ...uplinks(finished),
  ...commands(finished),
  ...silences(finished),
  ...handshakes(finished),
  ...offlines(finished),
  ...sleeps(finished)
]

const success = "2.04"
/** A request that is answered within it was not held up. */
const promptMillisMax = 2_000
const handshakeMillisMax = 5_000
/** A message that is under way when the store goes back may arrive there afterwards, or be acknowledged. */
const underWayMillis = 2_000
/** Clocks and the way through the edge. */
const earlyMillisMax = 1_000
/** How much later than a Lifetime offline may come. */
const lateMillisMax = 2_000
/** An event is applied within it, unless something is wrong. */
const appliedMillisMax = 20_000

function* troubles({ recording }: Finished) {
  for (const trouble of recording.troubles) yield trouble
}

function* nonces({ recording }: Finished) {
  for (const { at, nonce } of recording.noncesRepeated)
    yield `${moment(at)}: nonce ${nonce} was used twice under one key`
}

function* uplinks({ recording, store }: Finished) {
  const copies = new Map<string, number>()
  for (const { value } of store.uplinks.messages) {
    const id = idOf(value)
    copies.set(id, (copies.get(id) ?? 0) + 1)
  }
  // Whenever the device hears of it. A copy of its request has the answer of the first one (RFC 7252 §4.5), up to 247 s later.
  const takenBack = new Set(store.uplinks.takenBack.map(({ value }) => idOf(value)))
  for (const [id, count] of copies) if (count > 1) yield `${id} is stored ${count} times`
  for (const { code, endedAt, id, kind } of recording.exchanges) {
    if (kind !== "uplink" || code !== success || copies.has(id)) continue
    if (!takenBack.has(id)) yield `${moment(endedAt!)}: ${id} was acknowledged and is not stored`
  }
}

function* commands({ conditions, recording, store }: Finished) {
  const ends = new Map<string, Set<string>>()
  for (const [, { value }] of store.history.log) {
    if (value === undefined) continue
    const states = ends.get(value.commandId) ?? new Set()
    ends.set(value.commandId, states.add(value.state))
  }
  const pending = new Set<string>()
  for (const { value } of store.commands.entries.values()) {
    if (value !== undefined && isPending(value.state)) pending.add(value.commandId)
  }
  for (const { at, commandId, device } of recording.commands) {
    const states = [...(ends.get(commandId) ?? [])]
    const name = `command ${commandId} of ${device}, accepted at ${moment(at)},`
    if (states.length > 1) yield `${name} ended as ${states.join(" and as ")}`
    else if (pending.has(commandId)) yield `${name} has not ended`
    else if (states.length === 0 && !wasTakenBack(conditions, at)) yield `${name} is lost`
  }
  for (const { code, endedAt, id, kind } of recording.exchanges) {
    if (kind !== "reply" || code !== success || wasTakenBack(conditions, endedAt!)) continue
    const [state] = ends.get(id) ?? []
    const command = [...store.history.entries.values()].find(({ value }) => value?.commandId === id)?.value
    if (state === "succeeded" || command === undefined) continue
    if (command.finishedAt! > endedAt! + appliedMillisMax) {
      yield `${moment(endedAt!)}: the reply to ${id} was acknowledged, and it ${state} later`
    }
  }
}

/** A transmission of a request while all was well has an answer soon. */
function* silences({ conditions, endedAt: end, recording }: Finished) {
  for (const exchange of recording.exchanges) {
    const { device, endedAt, id, kind, sentAt } = exchange
    const at = sentAt.find(
      (sent) => (endedAt ?? end) - sent > promptMillisMax && conditions.isCalm(sent, sent + promptMillisMax)
    )
    if (at === undefined || isForgotten(conditions, exchange, at)) continue
    const answer =
      endedAt === undefined ? "has no answer" : `has its answer, ${exchange.code || "none"}, after ${endedAt - at} ms`
    yield `${moment(at)}: ${kind} ${id} of ${device} ${answer}`
  }
}

/** Edges that join and leave are none of its concern: a handshake goes on wherever its flow is hashed to. */
function* handshakes({ conditions, endedAt: end, recording }: Finished) {
  for (const { at, completed, device, endedAt } of recording.attempts) {
    const millis = (endedAt ?? end) - at
    if (completed ? millis <= handshakeMillisMax : endedAt === undefined && millis <= handshakeMillisMax) continue
    if (conditions.isCalm(at, at + handshakeMillisMax, edgeJoin)) {
      yield `${moment(at)}: the handshake of ${device} ${completed ? `took ${millis} ms` : "did not end"}`
    }
  }
}

/** A request that was answered proves that its first transmission was heard: a later one may be lost, and the answer late. */
function* offlines({ lifetimeMillisOf, recording }: Finished) {
  for (const { at, cause, deviceKey, state } of recording.presences) {
    if (state !== "offline" || cause !== "lifetime") continue
    const lifetimeMillis = lifetimeMillisOf(deviceKey)
    const heard = recording.exchanges.findLast(
      ({ code, device, endedAt, sentAt }) =>
        device === deviceKey && code !== "" && endedAt! <= at && at - sentAt[0]! < lifetimeMillis - earlyMillisMax
    )
    if (heard !== undefined) {
      yield `${moment(at)}: ${deviceKey} is said to be offline, and was answered ${at - heard.endedAt!} ms before`
    }
  }
}

/** A device that is silent for longer than a Lifetime while all is well is said to be offline, once. */
function* sleeps({ conditions, lifetimeMillisOf, recording }: Finished) {
  const lastSentAt = new Map<string, number>()
  for (const { code, device, sentAt } of recording.exchanges) {
    const from = lastSentAt.get(device)
    const to = sentAt[0]!
    // Without an answer nobody may have heard it: its session is forgotten.
    if (code === "") lastSentAt.delete(device)
    else lastSentAt.set(device, sentAt.at(-1)!)
    if (from === undefined) continue
    const dueAt = from + lifetimeMillisOf(device)
    if (to < dueAt + lateMillisMax || !conditions.isCalm(from, to)) continue
    const { length } = recording.presences.filter(
      ({ at, deviceKey, state }) => deviceKey === device && state === "offline" && at > from && at < to
    )
    if (length !== 1)
      yield `${moment(dueAt)}: ${device} was silent for ${to - from} ms, and ${length} times said to be offline`
  }
}

/** A message that was acknowledged then may be behind the copy that the store went back to. */
const wasTakenBack = ({ faults }: Conditions, at: number): boolean =>
  faults.some(
    (fault) =>
      fault.setBackTo !== undefined && at >= fault.setBackTo - underWayMillis && at <= fault.at + underWayMillis
  )

/** Its session, or the newest block of its record numbers, was made after the copy that the store went back to. */
const isForgotten = ({ faults }: Conditions, { sessionAt }: Exchange, at: number): boolean =>
  faults.some(
    (fault) => fault.setBackTo !== undefined && fault.at <= at && sessionAt >= fault.setBackTo - underWayMillis
  )

const idOf = ({ payload }: UplinkRecord): string => {
  const message = decodeRequest(payload)
  return Result.isSuccess(message) ? String(message.success.id) : "a message that does not decode"
}

const moment = (at: number): string => `${((at - epochMillis) / 1000).toFixed(3)} s`
