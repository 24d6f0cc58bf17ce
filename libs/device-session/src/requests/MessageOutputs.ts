import type { Output } from "@roost/coap"
import type { DeviceSession } from "../state/DeviceSession.ts"
import type { DeviceState } from "../state/DeviceState.ts"
import type { DeviceTurn } from "../state/DeviceTurn.ts"
import { saveNextTick, saveThisTurn } from "../state/Saving.ts"
import { reportMessageRefusal } from "./MessageRefusals.ts"

/** Outputs of the CoAP layer beside requests. */
export type MessageOutput = Exclude<Output, { readonly _tag: "Request" }>

/** Does what the CoAP layer of the device's session wants. */
export const carryOutMessage = (
  turn: DeviceTurn,
  device: DeviceState,
  session: DeviceSession,
  output: MessageOutput
): void => {
  switch (output._tag) {
    case "Transmit":
      turn.effects.push({ _tag: "Send", message: output.bytes })
      if (output.cause !== "Response") reportMessageRefusal(turn, session, output)
      break
    case "Ignored":
      turn.counters.ignored(output.reason)
      reportMessageRefusal(turn, session, output)
      break
    case "Concluded":
      if (output.outcome !== "Acknowledged") turn.counters.ignored(`Separate${output.outcome}`)
      // The store says until then that the answer is owed.
      saveNextTick(turn, device)
      break
    case "AckDue":
      ;(session.acksDue ??= []).push(output.exchange)
      saveThisTurn(turn, device)
      break
  }
}
