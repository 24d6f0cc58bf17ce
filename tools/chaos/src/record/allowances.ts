import type { Exchange, HandshakeAttempt, InjectedFault, IssuedCommand, Recording } from "./Recording.ts"

// The permitted costs of faults, each with its reason. All else is a finding; what is allowed is counted and told.

export const allowedKinds = [
  /** Acknowledged after the copy was made that the store was set back to. */
  "uplink-set-back",
  /** In UPLINK when UPLINK was deleted. */
  "uplink-deleted",
  /** Taken with 202 after the copy was made. */
  "command-set-back",
  /** Ended after the copy was made, and again after it was put back. */
  "command-ended-again",
  /** Its session began after the copy was made, or all sessions were deleted after a backup was restored. */
  "handshake-set-back",
  /** The device gave up a request whose every transmission met an outage. */
  "handshake-outage",
  /** The edge died, or was stopped for a backup to be restored, that had answered its ClientHello. */
  "handshake-edge-died",
  /** The offline was announced after the copy was made. */
  "offline-set-back",
  /** The store took no message of anybody's while the device waited. */
  "answer-store-late"
] as const
export type AllowedKind = (typeof allowedKinds)[number]

/** From the moment when all nats-servers run until every app serves again. */
const recoveryMillisMax = 5_000
/** Messages that were on their way when their sender or their reader died. */
const onItsWayMillisMax = 1_000

/** While it lasts, and a moment after, nobody can answer anything. */
const outages: ReadonlySet<string> = new Set(["nats-gone", "nats-freeze", "power-cut", "restore"])
export const isOutage = ({ kind }: InjectedFault): boolean => outages.has(kind)

/** Whether it came over a process of this app without a warning. */
export const isUnplanned = (fault: InjectedFault, app: string): boolean =>
  (fault.target.startsWith(app) && unplanned.has(fault.kind)) || fault.kind === "power-cut"

/**
 * Faults after which a new owner does not know when it was that a device was last heard of. It waits a whole Lifetime from the
 * takeover on, late at worst (docs/decisions.md). A drain hands the exact time over. The same goes for owners that nobody could reach.
 */
const unplanned: ReadonlySet<string> = new Set(["sigkill", "pause", "cut"])

/** Whether the store forgot what it acknowledged at this time. */
export const wasSetBack = ({ faults }: Recording, at: number): boolean =>
  faults.some(
    ({ endedAt, goneAt, setBackTo }) =>
      setBackTo !== undefined && at >= setBackTo && at <= (goneAt ?? endedAt) + onItsWayMillisMax
  )

export const lostUplink = (recording: Recording, exchange: Exchange): AllowedKind | undefined => {
  if (wasSetBack(recording, exchange.endedAt!)) return "uplink-set-back"
  const deletions = recording.faults.filter(({ kind, target }) => kind === "delete" && target === "UPLINK")
  const isDeleted = deletions.some(({ at }) => exchange.sentAt[0]! <= at + onItsWayMillisMax)
  return isDeleted ? "uplink-deleted" : undefined
}

/** 5.00 is the right word for what the store did not take in time, whoever had to say it. */
export const lateAnswer = ({ storeWaits }: Recording, { code, endedAt, sentAt }: Exchange): AllowedKind | undefined =>
  code === "5.00" && storeWaits.some((wait) => wait.at <= endedAt! && wait.endedAt >= sentAt[0]!)
    ? "answer-store-late"
    : undefined

export const lostCommand = (recording: Recording, { at }: IssuedCommand): AllowedKind | undefined =>
  wasSetBack(recording, at) ? "command-set-back" : undefined

/** A command that ended, and whose end the store forgot, is open again. When it ended the first time was not seen exactly. */
export const endedAgain = ({ faults }: Recording, { at }: IssuedCommand): AllowedKind | undefined =>
  faults.some((fault) => fault.setBackTo !== undefined && at <= fault.endedAt) ? "command-ended-again" : undefined

/** Whether the store has no session any more that began at this time: nobody can answer what comes under it. */
export const forgets = ({ endedAt, kind, setBackTo }: InjectedFault, sessionAt: number): boolean =>
  setBackTo !== undefined && sessionAt <= endedAt && (kind === "restore" || sessionAt >= setBackTo)

/** Why a device that had a session may have handshaked again at this time. */
export const newHandshake = (recording: Recording, device: number, at: number): AllowedKind | undefined => {
  const before = recording.handshakes.findLast((one) => one.device === device && one.at < at)
  const lost = recording.faults.some((fault) => before !== undefined && fault.at <= at && forgets(fault, before.at))
  if (lost) return "handshake-set-back"
  return gaveUpInOutage(recording, device, at) ? "handshake-outage" : undefined
}

/**
 * A device that gave up a request handshakes again. Where nobody could have answered all five transmissions of it (RFC 7252 §4.8:
 * 45 s), an outage being among the reasons, it is allowed to.
 */
const gaveUpInOutage = (recording: Recording, device: number, at: number): boolean => {
  const last = recording.exchanges.findLast((one) => one.device === device && (one.endedAt ?? Infinity) <= at)
  if (last === undefined || last.code !== "") return false
  const serverless = recording.faults.filter((fault) => isOutage(fault) || isUnplanned(fault, "session-actors"))
  return last.sentAt.some((time) => covers(recording.faults.filter(isOutage), time)) && isDeaf(serverless, last.sentAt)
}

const isDeaf = (faults: ReadonlyArray<InjectedFault>, times: ReadonlyArray<number>): boolean =>
  times.every((time) => covers(faults, time))

const covers = (faults: ReadonlyArray<InjectedFault>, time: number): boolean =>
  faults.some(({ at, endedAt }) => time >= at - onItsWayMillisMax && time <= endedAt + recoveryMillisMax)

/** A handshake needs the edge that answered its ClientHello: the two have a key exchange that nobody else knows. */
export const endsTheEdgeOf = (
  fault: InjectedFault,
  { endedAt: until = Infinity, sentAt, serverHelloAt = Infinity }: HandshakeAttempt
): boolean =>
  (fault.kind === "restore" || (diesWithTheEdge.has(fault.kind) && isUnplanned(fault, "udp-edge"))) &&
  serverHelloAt <= (fault.goneAt ?? fault.endedAt) &&
  sentAt.at(-1)! >= fault.at &&
  fault.at <= until

export const brokenHandshake = ({ faults }: Recording, attempt: HandshakeAttempt): AllowedKind | undefined => {
  if (faults.some((fault) => endsTheEdgeOf(fault, attempt))) return "handshake-edge-died"
  return isDeaf(faults.filter(isOutage), attempt.sentAt) ? "handshake-outage" : undefined
}

const diesWithTheEdge: ReadonlySet<string> = new Set(["sigkill", "power-cut"])
