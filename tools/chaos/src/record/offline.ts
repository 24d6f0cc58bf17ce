import { isOutage, isUnplanned, wasSetBack } from "./allowances.ts"
import type { Allow, Finding } from "./Finding.ts"
import type { InjectedFault, Recording } from "./Recording.ts"

/** How much earlier than a Lifetime after the last datagram offline may come: clocks and the way through the edge. */
export const earlyMillisMax = 1_000
/** How much later: the timer may have to be rebuilt by another node, and its announcement wait for the store. */
export const lateMillisMax = 15_000

/**
 * A device that sent nothing for its Lifetime is to be offline once, any other never. Sent messages count, arrived or not: a device whose
 * datagrams are lost on the way to a dead node is not silent.
 */
export const offlineFindings = (recording: Recording, allow: Allow): ReadonlyArray<Finding> => {
  const findings: Array<Finding> = []
  const sent = recording.devices.map((): Array<number> => [])
  // Nobody could read a record of a handshake that was never completed.
  const unread = new Set(recording.attempts.flatMap(({ completed, key }) => (completed ? [] : [key])))
  for (const { at, device, direction, key } of recording.records) {
    if (direction === "up" && !unread.has(key)) sent[device]!.push(at)
  }
  for (const times of sent) times.sort((a, b) => a - b)
  const offline = new Map<string, Array<number>>()
  for (const { at, deviceKey, state } of recording.stored.presence) {
    if (state !== "offline" || at > recording.endedAt) continue
    const times = offline.get(deviceKey)
    if (times === undefined) offline.set(deviceKey, [at])
    else times.push(at)
  }
  const ofActors = recording.faults.filter(({ target }) => target.startsWith("session-actors"))
  const handovers = recording.faults.filter((fault) => ofActors.includes(fault) || movesPartitions.has(fault.kind))
  const deafness = recording.faults.filter((fault) => isOutage(fault) || withoutLeases.has(fault.kind))
  const takeovers = [...ofActors.filter((fault) => isUnplanned(fault, "session-actors")), ...deafness]
  for (const [device, { deviceKey, lifetimeSeconds }] of recording.devices.entries()) {
    const lifetimeMillis = lifetimeSeconds * 1000
    const left = new Set((offline.get(deviceKey) ?? []).entries())
    for (const { from, to } of gapsOf(sent[device]!, recording.endedAt)) {
      const inGap = [...left].filter(([, at]) => at >= from + lifetimeMillis - earlyMillisMax && at <= to)
      for (const entry of inGap) left.delete(entry)
      const silentSeconds = ((to - from) / 1000).toFixed(1)
      const dueAt = Math.max(
        lastWithin(takeovers, from, to) + lifetimeMillis,
        lastWithin(handovers, from, to) + handoverGraceMillis
      )
      if (inGap.length === 0 && to > dueAt + lateMillisMax && wasSetBack(recording, from + lifetimeMillis)) {
        allow("offline-set-back")
      } else if (inGap.length === 0 && to > dueAt + lateMillisMax) {
        const detail = `silent for ${silentSeconds} s with a Lifetime of ${lifetimeSeconds} s`
        findings.push({ kind: "offline-missing", deviceKey, at: from + lifetimeMillis, detail })
      }
      for (const [, at] of inGap.slice(1)) {
        findings.push({ kind: "offline-doubled", deviceKey, at, detail: `in one silence of ${silentSeconds} s` })
      }
    }
    for (const [, at] of left) {
      const recent = sent[device]!.filter((time) => time <= at && time > at - lifetimeMillis + earlyMillisMax)
      if (recent.length > 0 && recent.every((time) => isOnItsWay(recording, time))) continue
      const last = sent[device]!.findLast((time) => time <= at)
      const detail = last === undefined ? "it had not been online" : `it sent a record ${at - last} ms before`
      findings.push({ kind: "offline-spurious", deviceKey, at, detail })
    }
  }
  return findings
}

/** When the owner may have changed last in this time: at some moment of the fault. */
const lastWithin = (faults: ReadonlyArray<InjectedFault>, from: number, to: number): number =>
  faults.reduce(
    (last, { at, endedAt }) => (at <= to && endedAt > from ? Math.max(last, Math.min(endedAt, to)) : last),
    from
  )

/** No owner can know of a record that an edge without NATS, or one that stands still, has not passed on. */
const isOnItsWay = ({ faults }: Recording, time: number): boolean =>
  faults.some(
    (fault) =>
      (isUnplanned(fault, "udp-edge") || isOutage(fault) || fault.kind.startsWith("nats-")) &&
      time >= fault.at &&
      time <= fault.endedAt
  )

/**
 * Owners that can't renew their leases serve nobody for a while; then every Lifetime begins anew. A server that leads LEASES and is
 * gone is one of these. A cluster chooses another leader in 2 to 5 s, and a lease is worth three.
 */
const withoutLeases: ReadonlySet<string> = new Set(["delete", "disk-full", "full-restart", "nats-kill", "nats-pause"])

/** A node whose clock differs hands its partitions over, and has some again once it is right (libs/cluster). */
const movesPartitions: ReadonlySet<string> = new Set(["rolling", "clock-ahead", "clock-behind"])

/** Nobody is offline this soon after a change of owner: what the device sent meanwhile may come again (docs/decisions.md). */
const handoverGraceMillis = 10_000

/** Times between two datagrams, and after the last one. */
const gapsOf = (sent: ReadonlyArray<number>, endedAt: number): ReadonlyArray<{ from: number; to: number }> =>
  sent.map((from, i) => ({ from, to: Math.max(from, sent[i + 1] ?? endedAt) }))
