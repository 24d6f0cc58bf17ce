import { Code } from "@roost/coap"
import { report } from "../state/DeviceTurn.ts"
import type { PropertiesOutcome } from "../state/Outcomes.ts"
import { refusalText, unansweredCode } from "../state/RefusalTexts.ts"
import { answer, succeed } from "./Answers.ts"
import { answerOfRegistry, type AskedProperties } from "./Properties.ts"
import type { RequestContext } from "./RequestContext.ts"
import type { RequestTurn } from "./RequestTurn.ts"
import type { WaitingRequest } from "./WaitingRequests.ts"

/** Asks the registry to look up, change or delete attributes or tags of the device; `handleProperties` follows. */
export const askRegistry = (turn: RequestTurn, context: RequestContext, asked: AskedProperties): void => {
  const { deviceKey, productKey } = context.device
  const token = turn.waiting.add(context, { kind: "properties", asked })
  const request = { productKey, deviceKey, kind: asked.kind, at: turn.now, ask: asked.ask }
  turn.effects.push({ _tag: "AskProperties", token, request })
}

/** The registry answered. */
export const handleProperties = (turn: RequestTurn, waiting: WaitingRequest, outcome: PropertiesOutcome): void => {
  const { asked, session } = waiting
  if (asked === undefined) return
  if (outcome._tag === "Unavailable") {
    report(turn, session, "registry-unavailable", outcome.reason, { code: unansweredCode(outcome) })
    return answer(turn, waiting, Code.InternalServerError)
  }
  const answered = answerOfRegistry(asked, outcome)
  if (answered === undefined) {
    report(turn, session, "request-refused", `4.01: ${refusalText("UnknownDevice")}`, { code: "device-gone" })
    return answer(turn, waiting, Code.Unauthorized)
  }
  if (answered.refused !== undefined) {
    report(turn, session, "uplink-refused", answered.refused.reason, { code: answered.refused.code })
  }
  succeed(turn, waiting, answered.payload)
}
