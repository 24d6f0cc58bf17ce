import { Code } from "@roost/coap"
import type { RefusalReason } from "@roost/contracts"
import { encodeRequest, EnosCode } from "@roost/enos"
import type { Answers } from "./Answers.ts"
import type { Counters } from "../state/Counters.ts"
import { exchangeId } from "./ExchangeId.ts"
import { refusalText } from "../handshakes/HandshakeRefusals.ts"
import type { ActivationOutcome, Ports } from "../state/Ports.ts"
import type { RequestContext } from "./RequestContext.ts"
import type { WaitingRequest, WaitingRequests } from "./WaitingRequests.ts"

export interface ActivationOptions {
  readonly ports: Ports
  readonly counters: Counters
  readonly waiting: WaitingRequests
  readonly answers: Answers
}

/** Devices that fetch their secret under their product's. */
export class Activations {
  readonly #options: ActivationOptions

  constructor(options: ActivationOptions) {
    this.#options = options
  }

  fetchSecret(context: RequestContext): void {
    const { ports, waiting } = this.#options
    const { actor, request, session } = context
    const token = waiting.add(context, { kind: "activation" })
    // A retransmission gets here only after a takeover: it names the same request, and the registry issues nothing new.
    const { productKey, deviceKey } = actor
    const requestId = exchangeId(session.scope, request)
    ports.askActivation(token, {
      productKey,
      deviceKey,
      requestId,
      credentialVersion: session.facts.credentialVersion
    })
  }

  handle(now: number, waiting: WaitingRequest, token: number, outcome: ActivationOutcome): void {
    const { answers, counters } = this.#options
    const { actor, session } = waiting
    switch (outcome._tag) {
      case "Issued": {
        const { productKey, deviceKey } = actor
        const params = { assetId: outcome.assetId, productKey, deviceKey, deviceSecret: outcome.deviceSecret }
        counters.activations++
        const reason = "the device fetched its secret; it has to handshake with SecureMode 2 now"
        answers.report(now, session, "secret-issued", reason)
        answers.provide(now, waiting, encodeRequest(String(token), "thing.activate.info", params), false)
        break
      }
      case "Refused":
        this.#refuse(now, waiting, outcome.reason)
        break
      case "Unavailable":
        answers.report(now, session, "registry-unavailable", outcome.reason)
        answers.answer(now, waiting, Code.InternalServerError)
        break
    }
  }

  /** A limit passes with time; about all else a new handshake could help, once an operator did something. */
  #refuse(now: number, context: RequestContext, reason: RefusalReason): void {
    const { answers } = this.#options
    const code = activationCode[reason]
    const shown = code === undefined ? "" : `${code}: `
    const detail = code === undefined ? undefined : { code }
    answers.report(now, context.session, "activation-refused", `${shown}${refusalText(reason)}`, { detail })
    if (reason === "TooManyActivations") answers.retryLater(now, context, retrySeconds)
    else answers.answer(now, context, Code.Unauthorized)
  }
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
