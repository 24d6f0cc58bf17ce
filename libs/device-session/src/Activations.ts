import { Code, type Option, OptionNumber, type Request, uintOption } from "@roost/coap"
import type { RefusalReason } from "@roost/contracts"
import { encodeRequest, EnosCode } from "@roost/enos"
import type { Counters } from "./Counters.ts"
import { ContentFormat, formatOption } from "./Decision.ts"
import type { DeviceActor, DeviceSession } from "./DeviceActor.ts"
import { exchangeId } from "./ExchangeId.ts"
import type { ActivationOutcome, Ports } from "./Ports.ts"
import type { WaitingRequest, WaitingRequests } from "./WaitingRequests.ts"

/** What activations need of the requests that they are among. */
export interface ActivationOptions {
  readonly ports: Ports
  readonly counters: Counters
  readonly waiting: WaitingRequests
  readonly getSuccess: number
  readonly happened: (
    now: number,
    session: DeviceSession,
    kind: string,
    reason: string,
    detail?: Readonly<Record<string, string | number | boolean>>
  ) => void
  readonly answer: (
    now: number,
    actor: DeviceActor,
    session: DeviceSession,
    exchange: number,
    code: number,
    payload: Uint8Array,
    options: ReadonlyArray<Option>
  ) => void
}

/** Devices that fetch their secret under their product's (contract 4.3; design §3, 16). */
export class Activations {
  readonly #options: ActivationOptions

  constructor(options: ActivationOptions) {
    this.#options = options
  }

  fetchSecret(actor: DeviceActor, session: DeviceSession, exchange: number, request: Request): void {
    const { ports, waiting } = this.#options
    const token = waiting.add({
      actor,
      session,
      exchange,
      request,
      payload: noBytes,
      kind: "activation",
      asked: undefined,
      replied: undefined
    })
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
    const { actor, session, exchange, request } = waiting
    const { answer, counters, getSuccess, happened } = this.#options
    switch (outcome._tag) {
      case "Issued": {
        const { productKey, deviceKey } = actor
        const params = { assetId: outcome.assetId, productKey, deviceKey, deviceSecret: outcome.deviceSecret }
        counters.activations++
        happened(
          now,
          session,
          "secret-issued",
          "the device fetched its secret; it has to handshake with SecureMode 2 now"
        )
        const payload = encodeRequest(String(token), "thing.activate.info", params)
        answer(now, actor, session, exchange, getSuccess, payload, formatOption(request, ContentFormat.json))
        break
      }
      case "Refused":
        this.#refuse(now, actor, session, exchange, outcome.reason)
        break
      case "Unavailable":
        happened(now, session, "registry-unavailable", outcome.reason)
        answer(now, actor, session, exchange, Code.InternalServerError, noBytes, [])
        break
    }
  }

  /** A limit passes with time; about all else a new handshake could help, once an operator did something. */
  #refuse(now: number, actor: DeviceActor, session: DeviceSession, exchange: number, reason: RefusalReason): void {
    const { answer, happened } = this.#options
    const code = activationCode[reason]
    const detail = code === undefined ? undefined : { code }
    happened(now, session, "activation-refused", `the registry refused: ${reason}`, detail)
    const limited = reason === "TooManyActivations"
    answer(
      now,
      actor,
      session,
      exchange,
      limited ? Code.TooManyRequests : Code.Unauthorized,
      noBytes,
      limited ? retryActivation : []
    )
  }
}

/** EnOS's code of a refused activation, for the operator: the air has none (design §3, 3). */
const activationCode: Partial<Record<RefusalReason, number>> = {
  DeviceDisabled: EnosCode.deviceDisabled,
  DynamicActivationDisabled: EnosCode.dynamicActivationNotAllowed,
  AlreadyActivated: EnosCode.deviceCannotActivateAgain,
  ProductSecretRotated: EnosCode.signCheckFailed,
  TooManyActivations: EnosCode.tooManyRequests
}
const retryActivation: ReadonlyArray<Option> = [uintOption(OptionNumber.MaxAge, 60)]
const noBytes = new Uint8Array(0)
