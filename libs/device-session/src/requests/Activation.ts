import { Code } from "@roost/coap"
import type { RefusalReason } from "@roost/contracts"
import { encodeRequest, EnosCode } from "@roost/enos"
import { report } from "../state/DeviceTurn.ts"
import type { ActivationOutcome } from "../state/Outcomes.ts"
import { refusalCodes, refusalText, unansweredCode } from "../state/RefusalTexts.ts"
import { answer, provide, retryLater } from "./Answers.ts"
import { exchangeId } from "./ExchangeId.ts"
import type { RequestContext } from "./RequestContext.ts"
import type { RequestTurn } from "./RequestTurn.ts"
import type { WaitingRequest } from "./WaitingRequests.ts"

/** A device asks for its secret under its product's. */
export const fetchSecret = (turn: RequestTurn, context: RequestContext): void => {
  const { productKey, deviceKey } = context.device
  const { request, session } = context
  const token = turn.waiting.add(context, { kind: "activation" })
  // A retransmission gets here only after a takeover: it names the same request, and the registry issues nothing new.
  const requestId = exchangeId(session.scope, request)
  const { credentialVersion } = session.facts
  const asked = { productKey, deviceKey, requestId, credentialVersion }
  turn.effects.push({ _tag: "AskActivation", token, request: asked })
}

/** The registry answered. */
export const handleActivation = (
  turn: RequestTurn,
  waiting: WaitingRequest,
  token: number,
  outcome: ActivationOutcome
): void => {
  const { device, session } = waiting
  switch (outcome._tag) {
    case "Issued": {
      const { productKey, deviceKey } = device
      const params = { assetId: outcome.assetId, productKey, deviceKey, deviceSecret: outcome.deviceSecret }
      turn.counters.activations++
      const reason = "the device fetched its secret; it has to handshake with SecureMode 2 now"
      report(turn, session, "secret-issued", reason)
      provide(turn, waiting, encodeRequest(String(token), "thing.activate.info", params), false)
      break
    }
    case "Refused":
      refuse(turn, waiting, outcome.reason)
      break
    case "Unavailable":
      report(turn, session, "registry-unavailable", outcome.reason, { code: unansweredCode(outcome) })
      answer(turn, waiting, Code.InternalServerError)
      break
  }
}

/** A limit passes with time; about all else a new handshake could help, once an operator did something. */
const refuse = (turn: RequestTurn, context: RequestContext, reason: RefusalReason): void => {
  const code = activationCode[reason]
  const shown = code === undefined ? "" : `${code}: `
  const detail = code === undefined ? undefined : { code }
  report(turn, context.session, "activation-refused", `${shown}${refusalText(reason)}`, {
    code: refusalCodes[reason],
    detail
  })
  if (reason === "TooManyActivations") retryLater(turn, context, retrySeconds)
  else answer(turn, context, Code.Unauthorized)
}

/** EnOS's code of a refused activation, for the operator: the air has none. */
const activationCode: Partial<Record<RefusalReason, number>> = {
  DeviceDisabled: EnosCode.deviceDisabled,
  DynamicActivationDisabled: EnosCode.dynamicActivationNotAllowed,
  AlreadyActivated: EnosCode.deviceCannotActivateAgain,
  ProductSecretRotated: EnosCode.signCheckFailed,
  TooManyActivations: EnosCode.tooManyRequests
}
/** After which a device may ask the registry again that refused it for being one of too many. */
const retrySeconds = 60
