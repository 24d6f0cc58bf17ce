import { isUnplanned, offlineFindings } from "./offline.ts"
import type { Exchange, InjectedFault, Recording } from "./Recording.ts"
import { type Silences, silencesOf } from "./silences.ts"

export const findingKinds = [
  /** A (key, epoch, sequence) that was on the wire twice: the nonce of an AEAD, used again. */
  "record-repeated",
  /** Answered with 2.04 and not in UPLINK. */
  "uplink-missing",
  /** One payload id, more than one message in UPLINK. */
  "uplink-doubled",
  /** Taken with 202, and neither succeeded nor known at the end. */
  "command-lost",
  /** Beyond the first of a device. */
  "handshake",
  /** A request of a device that is awake, without a response at the end. */
  "unanswered",
  "offline-spurious",
  "offline-missing",
  "offline-doubled",
  /** Another code than 2.04, where the faults allow none. */
  "error-response"
] as const
export type FindingKind = (typeof findingKinds)[number]

/** One violation. */
export interface Finding {
  readonly kind: FindingKind
  readonly deviceKey: string
  readonly at: number
  readonly detail: string
}

export interface Verdict {
  readonly counts: Readonly<Record<FindingKind, number>>
  /** Of each kind the first `findingsShownMax`. */
  readonly findings: ReadonlyArray<Finding>
  readonly silences: Silences
  readonly uplinksAcknowledged: number
  readonly uplinksStored: number
  readonly commandsIssued: number
  readonly recordsSeen: number
  /** Responses by code. */
  readonly codes: Readonly<Record<string, number>>
}

export interface CheckOptions {
  /** False for faults that no device may notice, such as a drain: then 5.00 and the like are findings. */
  readonly errorsAllowed: boolean
}

export const findingsShownMax = 50

/** Judges a recording. Pure: the same recording, the same verdict. */
export const check = (recording: Recording, options: CheckOptions): Verdict => {
  const counts = Object.fromEntries(findingKinds.map((kind) => [kind, 0])) as Record<FindingKind, number>
  const findings: Array<Finding> = []
  const report = (finding: Finding): void => {
    if (counts[finding.kind]++ < findingsShownMax) findings.push(finding)
  }
  const nameOf = (device: number): string => recording.devices[device]!.deviceKey

  checkRecords(recording, nameOf, report)
  checkUplinks(recording, nameOf, report)
  checkCommands(recording, nameOf, report)
  checkHandshakes(recording, nameOf, report)
  checkAnswers(recording, options, nameOf, report)
  for (const finding of offlineFindings(recording)) report(finding)

  const codes: Record<string, number> = {}
  for (const { code } of recording.exchanges) if (code !== "") codes[code] = (codes[code] ?? 0) + 1
  return {
    counts,
    findings,
    silences: silencesOf(recording),
    uplinksAcknowledged: recording.exchanges.filter(isAcknowledgedUplink).length,
    uplinksStored: recording.stored.uplinks.length,
    commandsIssued: recording.commands.length,
    recordsSeen: recording.records.length,
    codes
  }
}

export const violationsOf = ({ counts }: Verdict): number =>
  Object.values(counts).reduce((total, count) => total + count, 0)

type NameOf = (device: number) => string
type Report = (finding: Finding) => void

const isAcknowledgedUplink = ({ code, kind }: Exchange): boolean => kind === "uplink" && code === success

const checkRecords = ({ records }: Recording, nameOf: NameOf, report: Report): void => {
  const seen = new Set<string>()
  for (const { at, device, direction, epoch, key, sequence } of records) {
    const name = `${key} ${direction} ${epoch} ${sequence}`
    if (seen.has(name)) {
      const detail = `${direction}, session ${key}, epoch ${epoch}, sequence ${sequence} once more`
      report({ kind: "record-repeated", deviceKey: nameOf(device), at, detail })
    }
    seen.add(name)
  }
}

const checkUplinks = ({ endedAt, exchanges, stored }: Recording, nameOf: NameOf, report: Report): void => {
  const copies = new Map<string, number>()
  for (const { deviceKey, id } of stored.uplinks) {
    const count = (copies.get(id) ?? 0) + 1
    copies.set(id, count)
    if (count > 1) report({ kind: "uplink-doubled", deviceKey, at: endedAt, detail: `${id}, copy ${count}` })
  }
  for (const exchange of exchanges) {
    if (!isAcknowledgedUplink(exchange) || copies.has(exchange.id)) continue
    const { device, endedAt: at, id } = exchange
    report({ kind: "uplink-missing", deviceKey: nameOf(device), at: at!, detail: id })
  }
}

const checkCommands = ({ commands, stored }: Recording, nameOf: NameOf, report: Report): void => {
  for (const { at, commandId, device, state } of commands) {
    if (state === "succeeded") continue
    const traces = stored.commandTraces.filter(
      (about) => about.commandId === commandId || about.trace.includes(commandId)
    )
    const known = [`${commandId} is ${state ?? "unknown to downlink-queue"}`, ...traces.map(({ trace }) => trace)]
    const detail = known.join("; ")
    report({ kind: "command-lost", deviceKey: nameOf(device), at, detail })
  }
}

/**
 * A device that gave up a request handshakes again. Where NATS was gone for all five transmissions of it (RFC 7252 §4.8: 45 s)
 * nobody could have answered.
 */
const checkHandshakes = (recording: Recording, nameOf: NameOf, report: Report): void => {
  const outages = recording.faults.filter(({ kind }) => kind === "nats-gone")
  const serverless = recording.faults.filter((one) => outages.includes(one) || isUnplanned(one, "session-actors"))
  const covers = (faults: ReadonlyArray<InjectedFault>, time: number) =>
    faults.some(({ at, endedAt }) => time >= at && time <= endedAt + recoveryMillisMax)
  const gaveUpInOutage = (device: number, at: number): boolean => {
    const last = recording.exchanges.findLast((one) => one.device === device && (one.endedAt ?? Infinity) <= at)
    if (last === undefined || last.code !== "") return false
    const { sentAt } = last
    return sentAt.some((time) => covers(outages, time)) && sentAt.every((time) => covers(serverless, time))
  }
  const before = new Set<number>()
  for (const { at, device, reason, resumed } of recording.handshakes) {
    if (before.has(device) && !gaveUpInOutage(device, at)) {
      const detail = `${resumed ? "resumed" : "full"}: ${reason}`
      report({ kind: "handshake", deviceKey: nameOf(device), at, detail })
    }
    before.add(device)
  }
}

const checkAnswers = (recording: Recording, { errorsAllowed }: CheckOptions, nameOf: NameOf, report: Report): void => {
  for (const { code, device, endedAt, id, kind, sentAt } of recording.exchanges) {
    const deviceKey = nameOf(device)
    if (endedAt === undefined) {
      const detail = `${kind} ${id}, sent ${sentAt.length} times`
      report({ kind: "unanswered", deviceKey, at: sentAt[0]!, detail })
    } else if (!errorsAllowed && code !== success && !isNothingPending(kind, code)) {
      report({ kind: "error-response", deviceKey, at: endedAt, detail: `${kind} ${id}: ${code || "no response"}` })
    }
  }
}

/** From the moment when all nats-servers run until every app serves again. */
const recoveryMillisMax = 5_000

const success = "2.04"
/** A command can end between its announcement and the GET. */
const isNothingPending = (kind: Exchange["kind"], code: string): boolean => kind === "fetch" && code === "4.04"
