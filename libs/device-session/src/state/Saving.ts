import * as Result from "effect/Result"
import type { DeviceSession } from "./DeviceSession.ts"
import type { DeviceState } from "./DeviceState.ts"
import type { DeviceTurn } from "./DeviceTurn.ts"
import type { ReadOutcome, SaveOutcome } from "./Outcomes.ts"
import { withDeliveries } from "./PendingCommands.ts"
import { reservedEnd, restoredSequence } from "./RestoredSequence.ts"
import { decodeStoredSession, encodeStoredSession } from "./StoredSession.ts"
import type { Saving, SessionCandidate, Write } from "./SavingState.ts"

/*
 * Keeps the bucket SESSIONS as far behind its devices as is safe. A session is there before its Finished is answered. A block
 * of write sequence numbers is there before the first of them is used. A transition between online and offline is there by the end
 * of the turn.
 * Uplinks write nothing here: their own trace in the stream is enough (`Recovery`).
 *
 * Every write is a compare-and-set on the entry's revision. The loser reads the entry. A larger fencing token in it means that
 * the partition is lost, a smaller one is a former owner's last word and is overwritten.
 *
 *     dirty ──Write──► in flight ──Saved──► clean
 *                          │
 *                          ├──Conflict, Unknown──► read ──► in flight again, or the partition is lost
 *                          └──Refused, NotSent───► in flight again with a later tick
 */

/** Something is to be stored by the end of this turn. */
export const saveThisTurn = (turn: DeviceTurn, device: DeviceState): void => {
  const saving = (device.saving ??= idle())
  saving.dirty = true
  writeSoon(turn, saving)
}

/** Something is to be stored by the next tick: what would only be a nuisance if it happened twice. */
export const saveNextTick = (turn: DeviceTurn, device: DeviceState): void => {
  const saving = (device.saving ??= idle())
  if (saving.dirty) return
  saving.dirty = true
  turn.effects.push({ _tag: "SaveNextTick" })
}

/** Stores the session of a verified handshake, unless a newer handshake of the device takes its place. */
export const saveCandidate = (turn: DeviceTurn, device: DeviceState, candidate: SessionCandidate): void => {
  const saving = (device.saving ??= idle())
  saving.gone = false
  saving.candidate = candidate
  writeSoon(turn, saving)
}

/** The session is over: its entry goes, as soon as its revision is known. */
export const removeSession = (turn: DeviceTurn, device: DeviceState): void => {
  const { saving } = device
  if (saving?.inFlight !== undefined) {
    saving.gone = true
    saving.dirty = false
    return
  }
  if (device.revision > 0) turn.effects.push({ _tag: "DeleteSession", revision: device.revision })
  device.revision = 0
  if (saving?.candidate === undefined) device.saving = undefined
}

/** A turn or a tick ends by which something was to be stored. */
export interface WriteDue {
  readonly tick: boolean
  /** Of the partition's lease; undefined: the partition is not this node's. */
  readonly fencingToken: number | undefined
}

/** Writes the newest state: what several inputs changed is one write. */
export const writeDue = (turn: DeviceTurn, device: DeviceState, { fencingToken, tick }: WriteDue): void => {
  const { saving } = device
  if (saving === undefined) return
  if (tick) {
    saving.waits = false
    if (saving.candidate !== undefined && turn.now >= saving.candidate.until) saving.candidate = undefined
  } else {
    saving.soon = false
    if (!saving.dirty && saving.candidate === undefined) return
  }
  write(turn, device, saving, fencingToken)
}

/** The partition is given up: the session's last state is stored. */
export const writeLast = (turn: DeviceTurn, device: DeviceState): void => {
  const { session } = device
  if (session === undefined || session.restored !== undefined) return
  if (!session.online && session.lastSeenAt === session.savedSeenAt) return
  const saving = (device.saving ??= idle())
  saving.dirty = true
  saving.final = true
  writeSoon(turn, saving)
}

/** The meaning of the store's word on a write for the device; `undefined` for nothing. */
export type Saved =
  /** The session of a verified handshake is stored. */
  | { readonly _tag: "Candidate"; readonly candidate: SessionCandidate }
  /** The session is stored. `acks`: exchanges that the store knows to be owed an answer now. */
  | { readonly _tag: "Session"; readonly session: DeviceSession; readonly acks: ReadonlyArray<number> }

/** The store's word on what was written last. The device has to do what it means, and then `writeNext`. */
export const handleSaved = (turn: DeviceTurn, device: DeviceState, outcome: SaveOutcome): Saved | undefined => {
  const { saving } = device
  const written = saving?.inFlight
  if (saving === undefined || written === undefined) return undefined
  switch (outcome._tag) {
    case "NotSent":
      saving.inFlight = undefined
      failed(saving, written)
      retryNextTick(turn, saving)
      return undefined
    case "Refused":
      saving.inFlight = undefined
      failed(saving, written)
      saving.notBefore = turn.now + Math.min(refusedMillisMax, refusedMillisMin * 2 ** saving.refusals++)
      retryNextTick(turn, saving)
      return undefined
    case "Conflict":
    case "Unknown":
      turn.counters.savesRepeated++
      turn.effects.push({ _tag: "ReadSession" })
      return undefined
    case "Saved":
  }
  saving.inFlight = undefined
  saving.failures = 0
  saving.refusals = 0
  saving.notBefore = -Infinity
  device.revision = outcome.revision
  turn.counters.sessionsSaved++
  const { acks, candidate, session } = written
  session.dtls.writeLimit = Math.max(session.dtls.writeLimit, written.writeLimit)
  session.savedSeenAt = written.seenAt
  if (saving.gone) {
    saving.gone = false
    removeSession(turn, device)
    return undefined
  }
  if (candidate === undefined) return { _tag: "Session", session, acks }
  if (saving.candidate === candidate) saving.candidate = undefined
  return { _tag: "Candidate", candidate }
}

/** Stores what changed meanwhile, if anything did. */
export const writeNext = (turn: DeviceTurn, device: DeviceState): void => {
  const { saving } = device
  if (saving === undefined || saving.inFlight !== undefined) return
  if (saving.dirty || saving.candidate !== undefined) writeSoon(turn, saving)
  else if (!saving.soon) device.saving = undefined
}

/** The session that the store has in place of the written one. `fencingToken`: this owner's; undefined if the partition went. */
export const handleRead = (
  turn: DeviceTurn,
  device: DeviceState,
  outcome: ReadOutcome,
  fencingToken: number | undefined
): void => {
  const { saving } = device
  const written = saving?.inFlight
  if (saving === undefined || written === undefined) return
  saving.inFlight = undefined
  failed(saving, written)
  if (outcome._tag === "Unavailable") return retryNextTick(turn, saving)
  device.revision = outcome._tag === "Found" ? outcome.revision : 0
  const record = outcome._tag === "Found" ? outcome.record : undefined
  const decoded = record === undefined ? undefined : decodeStoredSession(record, turn.wallOf(turn.now))
  if (decoded !== undefined && Result.isSuccess(decoded)) {
    const stored = decoded.success
    if (fencingToken === undefined || stored.fencingToken > fencingToken) {
      turn.counters.partitionsLost++
      turn.effects.push({ _tag: "PartitionLost" })
      return
    }
    if (stored.fencingToken < fencingToken && stored.handle === written.session.handle) {
      // A former owner reserved a block after this one had read the entry, and may have used it.
      const { dtls, establishedAt } = written.session
      const end = Math.max(dtls.writeLimit, stored.dtls.writeLimit)
      dtls.writeSequence = restoredSequence(end, turn.wallOf(turn.now) - establishedAt, turn.random)
      dtls.writeLimit = dtls.writeSequence
    }
  }
  if (saving.gone) removeSession(turn, device)
  if (++saving.failures > writesMax) retryNextTick(turn, saving)
  else writeNext(turn, device)
}

/** The session of a verified handshake that is not stored yet. */
export const candidateOf = ({ saving }: DeviceState): DeviceSession | undefined => saving?.candidate?.session

const write = (turn: DeviceTurn, device: DeviceState, saving: Saving, fencingToken: number | undefined): void => {
  if (saving.inFlight !== undefined) return
  if (turn.now < saving.notBefore && !saving.final) {
    if (!saving.waits) turn.effects.push({ _tag: "SaveNextTick" })
    saving.waits = true
    return
  }
  const { candidate, final } = saving
  const session = candidate?.session ?? (saving.dirty ? device.session : undefined)
  if (session === undefined || fencingToken === undefined || session.revoked) {
    device.saving = undefined
    return
  }
  saving.dirty = false
  const kept = final ? allExchanges : lastExchanges
  const elapsedMillis = turn.wallOf(turn.now) - session.establishedAt
  const writeLimit = reservedEnd(session.dtls, turn.config.writeBlockRecords, elapsedMillis)
  const acks = (candidate === undefined ? session.acksDue : undefined) ?? noAcks
  if (acks !== noAcks) session.acksDue = undefined
  saving.inFlight = { session, candidate, writeLimit, seenAt: session.lastSeenAt, acks }
  const { exchanges, lastSeenAt } = session
  const record = encodeStoredSession(
    {
      fencingToken,
      productKey: session.productKey,
      deviceKey: session.deviceKey,
      secureMode: session.secureMode,
      lifetimeSeconds: session.lifetimeMillis / 1000,
      handle: session.handle,
      scope: session.scope,
      establishedAt: session.establishedAt,
      lastSeenAt: turn.wallOf(lastSeenAt),
      silentMillis: Math.max(0, turn.now - lastSeenAt),
      online: candidate === undefined ? session.online : session.secureMode === 2,
      final,
      kinds: session.kinds,
      facts: session.facts,
      edgeId: session.edge.edgeId,
      peer: session.peer,
      dtls: session.dtls,
      exchanges: exchanges?.serialize(turn.now, kept.count, kept.replyBytes) ?? noExchanges,
      commands: withDeliveries(device.commandNotes, turn.now)
    },
    writeLimit
  )
  turn.effects.push({ _tag: "SaveSession", revision: device.revision, record })
}

const writeSoon = (turn: DeviceTurn, saving: Saving): void => {
  if (saving.soon) return
  saving.soon = true
  turn.effects.push({ _tag: "SaveThisTurn" })
}

/** The store can't be reached: the next tick tries again. A handshake is given up when its device has given up. */
const retryNextTick = (turn: DeviceTurn, saving: Saving): void => {
  saving.failures = 0
  if (saving.candidate !== undefined && turn.now >= saving.candidate.until) saving.candidate = undefined
  turn.counters.savesFailed++
  turn.effects.push({ _tag: "SaveNextTick" })
}

/** The state that the write had is to be written still. */
const failed = (saving: Saving, { acks, candidate, session }: Write): void => {
  saving.dirty ||= candidate === undefined
  if (acks.length > 0) session.acksDue = [...acks, ...(session.acksDue ?? [])]
}

const idle = (): Saving => ({
  candidate: undefined,
  dirty: false,
  soon: false,
  gone: false,
  final: false,
  failures: 0,
  refusals: 0,
  notBefore: -Infinity,
  waits: false,
  inFlight: undefined
})

/** Between writes of one session to a store that refuses them: doubled each time. */
const refusedMillisMin = 250
const refusedMillisMax = 4_000
/** Compare-and-sets that are lost in a row before the next tick is waited for. */
const writesMax = 4
/** Exchanges in an ordinary write, and bytes of their answers: the uplinks among them are known to the stream anyway. */
const lastExchanges = { count: 4, replyBytes: 1024 }
/** Exchanges in the last write of an owner, and bytes of their answers. */
const allExchanges = { count: 64, replyBytes: 16 * 1024 }
const noAcks: ReadonlyArray<number> = []
const noExchanges = Uint8Array.of(0)
