import type { Machine } from "@roost/actors"
import type { Crypto } from "@roost/dtls"
import { handleActivation } from "../requests/Activation.ts"
import { tellOvertaken } from "../requests/Command.ts"
import { carryOutMessage } from "../requests/MessageOutputs.ts"
import { handleProperties } from "../requests/PropertyRequests.ts"
import { recordOpened } from "../recording/SessionRecords.ts"
import type { RequestTurn } from "../requests/RequestTurn.ts"
import { handleConverted, handleRequest, handleStored } from "../requests/Requests.ts"
import type { Outputs } from "@roost/coap"
import type { DeviceSession } from "../state/DeviceSession.ts"
import { DeviceState } from "../state/DeviceState.ts"
import type { HeardDatagram } from "../state/HeardDatagram.ts"
import {
  endSession,
  goOffline,
  isLifetimeOver,
  isSessionOver,
  lifetimeDeadline,
  renewLifetime,
  revoke
} from "../state/Lifetime.ts"
import type { SaveOutcome } from "../state/Outcomes.ts"
import { credit, follow } from "../state/Path.ts"
import { withDeliveries } from "../state/PendingCommands.ts"
import { handleRead, handleSaved, saveNextTick, saveThisTurn, writeDue, writeLast, writeNext } from "../state/Saving.ts"
import { exchangesOf } from "../state/SessionExchanges.ts"
import type { DeviceInput } from "./DeviceInput.ts"
import { establish, verified } from "./Establishment.ts"
import { stubDeadline, stubHears, stubTimeout } from "./Supervision.ts"
import { fenced, handleRecalled, hold, prepare, prepareOwed, restoredSession } from "./Recovery.ts"
import { sequenceMax } from "@roost/dtls"

/** The turn that a device is given beside its input. */
export interface MachineTurn extends RequestTurn {
  readonly crypto: Crypto
}

/**
 * One device: the only writer of its session, its Lifetime and its queue of commands.
 *
 *                  Verified, then Saved                     Lifetime over           idle for too long, fatal alert,
 *     no session ───────────────────────► online ◄────────────────────► offline ──────────────────────────────────► no session
 *                                           ▲        a record verifies     │          credential changed
 *        Restored: as the store has it,     │                              │
 *        until it is fenced and recalled ───┴──────────────────────────────┘
 *
 * A request becomes a `Decision` (`Requests`), which wants something of the store, the registry or a script. The answer to the
 * device follows with what those answer.
 */
export class Device extends DeviceState implements Machine<DeviceInput, MachineTurn> {
  handle(input: DeviceInput, turn: MachineTurn): void {
    const { fault } = this
    if (fault?.stub !== undefined && !stubHears(turn, this, fault, input)) return
    switch (input._tag) {
      case "Datagram":
        return this.#hear(turn, input)
      case "Stored":
        return handleStored(turn, input.waiting, input.stored)
      case "Write":
        return writeDue(turn, this, input.due)
      case "Saved":
        return this.#saved(turn, input.outcome)
      case "Read":
        return handleRead(turn, this, input.outcome, input.fencingToken)
      case "Verified":
        return verified(turn, this, input.candidate, input.clientRandomBits)
      case "Converted":
        return handleConverted(turn, input.waiting, input.conversion)
      case "Activated":
        return handleActivation(turn, input.waiting, input.token, input.outcome)
      case "Properties":
        return handleProperties(turn, input.waiting, input.outcome)
      case "Command":
        if (this.commands.put(input.command)) {
          turn.effects.push({ _tag: "CommandQueued", commandId: input.command.id })
          tellOvertaken(turn, this)
        } else turn.counters.commandsOverLimit++
        return
      case "CommandGone":
        this.commands.remove(input.commandId)
        return tellOvertaken(turn, this)
      case "ClockStep":
        return this.commands.postpone(-input.millis)
      case "CredentialChanged":
        return this.#credentialChanged(turn, input.version)
      case "Revoked":
        if (this.session !== undefined) revoke(turn, this, this.session)
        return
      case "Restored":
        return this.#restore(turn, input)
      case "Opened":
        this.forgetCommandNotes()
        return prepareOwed(turn, this)
      case "Hold":
        if (this.session === undefined || !hold(turn, this, this.session, input.held)) turn.counters.heldDropped++
        return
      case "Recalled":
        return handleRecalled(turn, this, input.token, input.outcome)
      case "Leaving":
        return writeLast(turn, this)
    }
  }

  deadlineIn(turn: MachineTurn): number {
    const { fault, session } = this
    if (session === undefined) return fault === undefined ? Infinity : Math.max(turn.now, stubDeadline(fault))
    const exchanges = session.exchanges?.deadline ?? Infinity
    const owedAt = session.restored?.owedAt ?? Infinity
    return Math.max(turn.now, Math.min(lifetimeDeadline(turn, session), exchanges, owedAt))
  }

  handleTimeout(turn: MachineTurn): void {
    const { fault, session } = this
    if (fault !== undefined) stubTimeout(turn, this, fault)
    if (session === undefined) return
    this.#exchangesDue(turn, session)
    const { restored } = session
    if (restored !== undefined && turn.now >= restored.owedAt) prepareOwed(turn, this)
    if (isLifetimeOver(turn, session)) {
      // The trace that its last uplink left in the stream outlives no long silence.
      if (restored !== undefined) prepare(turn, this, session, restored)
      goOffline(turn, this, session, "lifetime")
    }
    if (isSessionOver(turn, session)) endSession(turn, this, session)
  }

  /** Reads the datagram's next record. */
  #hear(turn: MachineTurn, heard: HeardDatagram): void {
    const { session } = this
    if (session === undefined || session.restored !== undefined) return
    const { datagram, edge, peer } = heard
    const opened = session.dtls.open(turn.crypto, datagram, heard.offset)
    if (turn.recorder.active) recordOpened(turn, this, heard, opened, heard.offset)
    heard.offset = opened.next
    if (opened._tag === "Dropped") {
      const { reason } = opened
      turn.counters.dropped(reason)
      if (heard.outcome === "Foreign" && (reason === "Replay" || reason === "SessionClosed")) heard.outcome = "Seen"
    } else {
      if (opened.newest) follow(session, peer, edge)
      if (heard.outcome !== "Alive") credit(session, peer, datagram.length)
      heard.outcome = "Alive"
      session.lastSeenAt = turn.now
      switch (opened._tag) {
        case "ApplicationData":
          session.exchanges ??= exchangesOf(session, turn.random)
          this.#carryOut(turn, session, session.exchanges.handleMessage(turn.now, opened.plaintext))
          break
        case "Answer":
          turn.effects.push({ _tag: "SendSealed", datagram: opened.bytes })
          break
        case "Closed":
          if (opened.reply !== undefined) turn.effects.push({ _tag: "SendSealed", datagram: opened.reply })
          if (opened.fatal) return this.#closedFatally(turn, session)
          this.#closed(turn, session)
          break
        case "Ignored":
          turn.counters.ignored(opened.reason)
      }
    }
    // The requests of this record come before the next one is read.
    if (heard.offset < datagram.length) turn.effects.push({ _tag: "Hear", heard })
    else if (heard.outcome === "Alive") renewLifetime(turn, this, session)
  }

  #carryOut(turn: MachineTurn, session: DeviceSession, outputs: Outputs): void {
    for (const output of outputs) {
      if (output._tag !== "Request") {
        carryOutMessage(turn, this, session, output)
        continue
      }
      const { exchange, mayRepeat, request } = output
      turn.counters.requests++
      handleRequest(turn, { device: this, session, exchange, request, original: undefined, mayRepeat })
    }
  }

  #exchangesDue(turn: MachineTurn, session: DeviceSession): void {
    const { exchanges } = session
    if (exchanges === undefined) return
    this.#carryOut(turn, session, exchanges.handleTimeout(turn.now))
    if (!exchanges.isIdle) return
    session.exchanges = undefined
    session.lastTopic = undefined
    session.requests = undefined
  }

  /**
   * close_notify, authenticated (conformance 28). The session id stays good for a resumption. Most devices say close_notify
   * before each nap, and their Lifetime says how long they may sleep (contract 2).
   */
  #closed(turn: MachineTurn, session: DeviceSession): void {
    if (session.facts.closeNotify === "offline") goOffline(turn, this, session, "closeNotify")
    turn.effects.push({ _tag: "Unbound", session, mayResume: true })
    // A resumption may bring copies of what was answered here.
    session.exchanges?.end()
    if (session.exchanges?.isIdle === true) session.exchanges = undefined
    session.lastTopic = undefined
    saveThisTurn(turn, this)
  }

  /** A fatal alert: nothing is left of the session (RFC 5246 §7.2.2). */
  #closedFatally(turn: MachineTurn, session: DeviceSession): void {
    goOffline(turn, this, session, "closeNotify")
    endSession(turn, this, session)
  }

  #saved(turn: MachineTurn, outcome: SaveOutcome): void {
    const saved = handleSaved(turn, this, outcome)
    if (saved?._tag === "Candidate") establish(turn, this, saved.candidate)
    // The state that is stored may be of a session that has given way since.
    else if (saved !== undefined && saved.session === this.session) this.#sessionSaved(turn, saved.session, saved.acks)
    if (outcome._tag === "Saved") writeNext(turn, this)
  }

  /** `acks`: exchanges that the store knows to be owed an answer now. */
  #sessionSaved(turn: MachineTurn, session: DeviceSession, acks: ReadonlyArray<number>): void {
    if (session.restored !== undefined) return fenced(turn, this, session, session.restored)
    const { outbox } = session
    session.outbox = undefined
    for (const message of outbox ?? []) turn.effects.push({ _tag: "Send", message })
    for (const exchange of acks) {
      const outputs = session.exchanges?.acknowledge(exchange) ?? []
      this.#carryOut(turn, session, outputs)
      // It was answered meanwhile, which the store does not know.
      if (outputs.length === 0) saveNextTick(turn, this)
    }
  }

  /** A session from before may do nothing more; it learns so by 4.01 and goes when it falls silent. */
  #credentialChanged(turn: MachineTurn, version: number): void {
    this.psk = undefined
    const candidate = this.saving?.candidate
    if (candidate !== undefined && candidate.session.secureMode === 2) {
      candidate.outdated ||= candidate.session.facts.credentialVersion < version
    }
    const { session } = this
    if (session === undefined || session.secureMode !== 2 || session.facts.credentialVersion >= version) return
    revoke(turn, this, session)
  }

  #restore(turn: MachineTurn, { edge, revision, stored }: DeviceInput & { readonly _tag: "Restored" }): void {
    if (this.session !== undefined) return
    const session = restoredSession(turn, stored, edge)
    // All numbers are used: whatever the device sends, nothing can be answered. It handshakes again.
    if (session.dtls.writeSequence >= sequenceMax) return
    turn.counters.sessionsRestored++
    this.revision = revision
    this.session = session
    if (stored.commands.length > 0) this.commands.restore(withDeliveries(stored.commands, turn.now))
    turn.effects.push({ _tag: "BoundRestored" })
  }
}
