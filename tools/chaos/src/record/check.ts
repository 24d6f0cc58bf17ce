import {
  type AllowedKind,
  allowedKinds,
  brokenHandshake,
  endedAgain,
  lateAnswer,
  lostCommand,
  lostUplink,
  newHandshake
} from "./allowances.ts"
import { type Allow, type Finding, type FindingKind, findingKinds } from "./Finding.ts"
import { offlineFindings } from "./offline.ts"
import type { Exchange, Recording } from "./Recording.ts"
import { refusalFindings } from "./refusals.ts"
import { type Silences, silencesOf } from "./silences.ts"

export interface Verdict {
  readonly counts: Readonly<Record<FindingKind, number>>
  /** Of each kind the first `findingsShownMax`. */
  readonly findings: ReadonlyArray<Finding>
  /** The effects that the faults allowed: no findings. */
  readonly allowed: Readonly<Record<AllowedKind, number>>
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
  const allowed = Object.fromEntries(allowedKinds.map((kind) => [kind, 0])) as Record<AllowedKind, number>
  const allow = (kind: AllowedKind): void => void allowed[kind]++
  const nameOf = (device: number): string => recording.devices[device]!.deviceKey

  checkRecords(recording, nameOf, report)
  checkUplinks(recording, nameOf, report, allow)
  checkCommands(recording, nameOf, report, allow)
  checkHandshakes(recording, nameOf, report, allow)
  checkAnswers(recording, options, nameOf, report, allow)
  for (const finding of [...refusalFindings(recording), ...offlineFindings(recording, allow)]) report(finding)
  for (const { aftermath, at, kind, target } of recording.faults) {
    if (aftermath !== undefined) report({ kind: "aftermath", deviceKey: `${kind} ${target}`, at, detail: aftermath })
  }

  const codes: Record<string, number> = {}
  for (const { code } of recording.exchanges) if (code !== "") codes[code] = (codes[code] ?? 0) + 1
  return {
    counts,
    findings,
    allowed,
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

const checkRecords = ({ faults, records }: Recording, nameOf: NameOf, report: Report): void => {
  const seen = new Set<string>()
  for (const { at, device, direction, epoch, key, sequence } of records) {
    const name = `${key} ${direction} ${epoch} ${sequence}`
    if (seen.has(name)) {
      const setBack = faults.findLast((fault) => fault.setBackTo !== undefined && fault.at <= at)
      const after = setBack === undefined ? "" : `, ${at - setBack.at} ms after ${setBack.kind} of ${setBack.target}`
      const detail = `${direction}, session ${key}, epoch ${epoch}, sequence ${sequence} once more${after}`
      report({ kind: "record-repeated", deviceKey: nameOf(device), at, detail })
    }
    seen.add(name)
  }
}

const checkUplinks = (recording: Recording, nameOf: NameOf, report: Report, allow: Allow): void => {
  const { endedAt, exchanges, stored } = recording
  const copies = new Map<string, number>()
  for (const { deviceKey, id } of stored.uplinks) {
    const count = (copies.get(id) ?? 0) + 1
    copies.set(id, count)
    if (count > 1) report({ kind: "uplink-doubled", deviceKey, at: endedAt, detail: `${id}, copy ${count}` })
  }
  for (const exchange of exchanges) {
    if (!isAcknowledgedUplink(exchange) || copies.has(exchange.id)) continue
    const { device, endedAt: at, id } = exchange
    const allowed = lostUplink(recording, exchange)
    if (allowed === undefined) report({ kind: "uplink-missing", deviceKey: nameOf(device), at: at!, detail: id })
    else allow(allowed)
  }
}

const checkCommands = (recording: Recording, nameOf: NameOf, report: Report, allow: Allow): void => {
  for (const command of recording.commands) {
    const { at, commandId, device, ends, state } = command
    const deviceKey = nameOf(device)
    if (ends.length > 1) {
      const allowed = endedAgain(recording, command)
      const detail = `${commandId} was ${ends.join(", then ")}`
      if (allowed === undefined) report({ kind: "command-ended-twice", deviceKey, at, detail })
      else allow(allowed)
    }
    if (state === "succeeded") continue
    const allowed = lostCommand(recording, command)
    if (allowed !== undefined) {
      allow(allowed)
      continue
    }
    const traces = recording.stored.commandTraces.filter(
      (about) => about.commandId === commandId || about.trace.includes(commandId)
    )
    const known = [`${commandId} is ${state ?? "unknown to downlink-queue"}`, ...traces.map(({ trace }) => trace)]
    report({ kind: "command-lost", deviceKey, at, detail: known.join("; ") })
  }
}

const checkHandshakes = (recording: Recording, nameOf: NameOf, report: Report, allow: Allow): void => {
  const before = new Set<number>()
  for (const { at, device, reason, resumed } of recording.handshakes) {
    if (before.has(device) && recording.devices[device]!.role !== "newcomer") {
      const allowed = newHandshake(recording, device, at)
      const detail = `${resumed ? "resumed" : "full"}: ${reason}`
      if (allowed === undefined) report({ kind: "handshake", deviceKey: nameOf(device), at, detail })
      else allow(allowed)
    }
    before.add(device)
  }
  for (const attempt of recording.attempts) {
    const { completed, device, endedAt, sentAt, serverHelloAt } = attempt
    const at = sentAt[0]
    if (completed || at === undefined) continue
    if (endedAt === undefined && recording.endedAt - at < handshakeMillisMax) continue
    const allowed = brokenHandshake(recording, attempt)
    const stage = serverHelloAt === undefined ? "no ServerHello" : "no Finished after ServerHello"
    const seconds = (((endedAt ?? recording.endedAt) - at) / 1000).toFixed(1)
    const detail = `${stage} in ${seconds} s, ${sentAt.length} datagrams sent`
    if (allowed === undefined) report({ kind: "handshake-unfinished", deviceKey: nameOf(device), at, detail })
    else allow(allowed)
  }
}

const checkAnswers = (
  recording: Recording,
  { errorsAllowed }: CheckOptions,
  nameOf: NameOf,
  report: Report,
  allow: Allow
): void => {
  for (const exchange of recording.exchanges) {
    const { code, device, endedAt, id, kind, sentAt } = exchange
    const deviceKey = nameOf(device)
    if (endedAt === undefined) {
      const detail = `${kind} ${id}, sent ${sentAt.length} times`
      report({ kind: "unanswered", deviceKey, at: sentAt[0]!, detail })
    } else if (!errorsAllowed && code !== success && !isNothingPending(kind, code)) {
      const allowed = lateAnswer(recording, exchange)
      const detail = `${kind} ${id}: ${code || "no response"}`
      if (allowed === undefined) report({ kind: "error-response", deviceKey, at: endedAt, detail })
      else allow(allowed)
    }
  }
}

/** An exchange that began later before the end may be under way: its fifth transmission comes after 31 s. */
const handshakeMillisMax = 35_000

const success = "2.04"
/** A command can end between its announcement and the GET. */
const isNothingPending = (kind: Exchange["kind"], code: string): boolean => kind === "fetch" && code === "4.04"
