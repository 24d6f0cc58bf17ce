import * as Result from "effect/Result"
import { presenceOf } from "../state/DeviceState.ts"
import type { DeviceState } from "../state/DeviceState.ts"
import type { DeviceTurn } from "../state/DeviceTurn.ts"
import { type Fault, nextFault, type Stub } from "../state/Fault.ts"
import type { Held } from "../state/Held.ts"
import { lifetimeDeadline } from "../state/Lifetime.ts"
import type { ReadOutcome } from "../state/Outcomes.ts"
import { saveThisTurn } from "../state/Saving.ts"
import { decodeStoredSession } from "../state/StoredSession.ts"
import type { DeviceInput } from "./DeviceInput.ts"
import { hold, restoredSession } from "./Recovery.ts"

/*
 * An exception in one device's code costs that device its turn, and nobody else anything. Its state can't be trusted any more,
 * so a stub takes its place. The next datagram behind a pause, or the end of its Lifetime, has the session read back from the
 * store. The device then goes through `Recovery` as after a takeover.
 */

/** Puts a stub in the place of the device's state. */
export const replaceByStub = (turn: DeviceTurn, device: DeviceState): Fault => {
  const former = device.session ?? device.fault?.stub?.former
  const lifetimeAt = former?.online === true ? lifetimeDeadline(turn, former) : Infinity
  const commands = device.fault?.stub?.commands ?? [...device.bucketCommands]
  const stub: Stub = { former, commands, lifetimeAt, waiting: [], asked: false, isDue: false }
  const fault = nextFault(device.fault, turn.now, stub)
  device.reset(fault)
  turn.counters.actorFaults++
  return fault
}

export const stubDeadline = ({ stub, until }: Fault): number => {
  if (stub === undefined) return Infinity
  return stub.isDue && !stub.asked ? until : stub.lifetimeAt
}

/** A stub hears an input in the device's place. True: the device is itself again, and hears the input. */
export const stubHears = (turn: DeviceTurn, device: DeviceState, fault: Fault, input: DeviceInput): boolean => {
  const { stub } = fault
  if (stub === undefined) return true
  switch (input._tag) {
    case "Hold":
      holdBack(turn, fault, stub, input.held)
      return false
    case "Read":
      if (stub.asked) readBack(turn, device, fault, stub, input.outcome)
      return false
    case "Command":
      stub.commands.push(input.command)
      turn.effects.push({ _tag: "CommandQueued", commandId: input.command.id })
      return false
    case "CommandGone":
      stub.commands = stub.commands.filter(({ id }) => id !== input.commandId)
      return false
    case "Verified":
      if (turn.now < fault.until) {
        turn.counters.faultyDropped++
        turn.effects.push({ _tag: "HandshakeOver", handshake: input.candidate.handshake })
        return false
      }
      if (stub.former !== undefined) turn.effects.push({ _tag: "Unbound", session: stub.former, mayResume: false })
      revive(device, fault, stub)
      return true
    case "CredentialChanged":
      if (stub.former?.secureMode === 2 && stub.former.facts.credentialVersion < input.version) {
        sayOffline(turn, device, stub, "credential")
        endStub(turn, device, fault, stub)
      }
      return false
    case "Revoked":
      sayOffline(turn, device, stub, "credential")
      endStub(turn, device, fault, stub)
      return false
    default:
      return false
  }
}

/** The device stays silent: it goes offline as any other would. */
export const stubTimeout = (turn: DeviceTurn, device: DeviceState, { stub, until }: Fault): void => {
  if (stub === undefined) return
  if (turn.now >= stub.lifetimeAt) {
    sayOffline(turn, device, stub, "lifetime")
    stub.isDue = true
  }
  if (stub.isDue && turn.now >= until) ask(turn, stub)
}

const holdBack = (turn: DeviceTurn, { until }: Fault, stub: Stub, held: Held): void => {
  if (turn.now < until) {
    turn.counters.faultyDropped++
    return
  }
  if (stub.waiting.length < waitingMax) stub.waiting.push(held)
  else turn.counters.heldDropped++
  ask(turn, stub)
}

const ask = (turn: DeviceTurn, stub: Stub): void => {
  if (stub.asked) return
  stub.asked = true
  turn.effects.push({ _tag: "ReadSession" })
}

const readBack = (turn: DeviceTurn, device: DeviceState, fault: Fault, stub: Stub, outcome: ReadOutcome): void => {
  const { former, waiting } = stub
  stub.asked = false
  // The device's next datagram asks again.
  if (outcome._tag === "Unavailable" || former === undefined) return
  const record = outcome._tag === "Found" ? outcome.record : undefined
  const decoded = record === undefined ? undefined : decodeStoredSession(record, turn.wallOf(turn.now))
  if (outcome._tag !== "Found" || decoded === undefined || Result.isFailure(decoded)) {
    // It was never stored, or can't be read: the device handshakes again.
    device.revision = outcome._tag === "Found" ? outcome.revision : 0
    return endStub(turn, device, fault, stub)
  }
  const stored = decoded.success
  const session = restoredSession(turn, stored, former.edge)
  session.online = former.online
  session.lastSeenAt = former.lastSeenAt
  device.revision = outcome.revision
  device.session = session
  turn.effects.push({ _tag: "Bound", previous: former })
  device.commands.restore(stored.commands.map((note) => ({ ...note, deliveredAt: turn.now - note.deliveredAt })))
  revive(device, fault, stub)
  device.forgetCommandNotes()
  if (session.online !== stored.online) saveThisTurn(turn, device)
  for (const held of waiting) hold(turn, device, session, held)
}

/** The stub's session is over; commands go on to wait. */
const endStub = (turn: DeviceTurn, device: DeviceState, fault: Fault, stub: Stub): void => {
  if (stub.former !== undefined) turn.effects.push({ _tag: "Unbound", session: stub.former, mayResume: false })
  if (device.revision > 0) turn.effects.push({ _tag: "DeleteSession", revision: device.revision })
  device.revision = 0
  revive(device, fault, stub)
}

const revive = (device: DeviceState, fault: Fault, stub: Stub): void => {
  fault.stub = undefined
  for (const command of stub.commands) device.commands.put(command)
}

const sayOffline = (turn: DeviceTurn, device: DeviceState, stub: Stub, cause: "lifetime" | "credential"): void => {
  const { former } = stub
  stub.lifetimeAt = Infinity
  if (former?.online !== true) return
  former.online = false
  turn.counters.wentOffline++
  turn.effects.push({ _tag: "Presence", presence: presenceOf(device, former, "offline", cause, turn.now) })
}

/** Datagrams of one device that wait for its session; what is more, it sends again. */
const waitingMax = 8
