import { Code, formatCode, type Outputs, type Request } from "@roost/coap"
import { oddTimeOf } from "@roost/enos"
import type { Conversion, Script } from "@roost/raw-script"
import { Activations } from "./Activations.ts"
import { Answers } from "./Answers.ts"
import { CommandRequests } from "./CommandRequests.ts"
import type { Counters } from "../state/Counters.ts"
import { ContentFormat, decide, type Decision, nameTopic } from "./Decision.ts"
import type { DeviceActor } from "../state/DeviceActor.ts"
import type { DeviceSessionConfig } from "../state/DeviceSessionConfig.ts"
import type { Events } from "../host/Events.ts"
import { exchangeId, isCopy } from "./ExchangeId.ts"
import { refusalText } from "../handshakes/HandshakeRefusals.ts"
import type { Persistence } from "../device/Persistence.ts"
import type { ActivationOutcome, Ports, PropertiesOutcome } from "../state/Ports.ts"
import type { ProductProfiles } from "./ProductProfiles.ts"
import { answerOf, type AskedProperties, mayAsk, questionsPerSecondMax } from "./PropertiesAsk.ts"
import { failureText, isOfBytes, isRaw, readConverted, throwsText, unreadText } from "./RawConversions.ts"
import type { RequestContext } from "./RequestContext.ts"
import { ScriptFailures } from "./ScriptFailures.ts"
import { kindBit } from "../device/Takeover.ts"
import { takeRequest } from "./TokenBucket.ts"
import { WaitingRequests } from "./WaitingRequests.ts"
import type { DeviceSession } from "../state/DeviceSession.ts"

export interface RequestsOptions {
  readonly config: DeviceSessionConfig
  readonly ports: Ports
  readonly counters: Counters
  readonly events: Events
  readonly persistence: Persistence
  readonly profiles: ProductProfiles
  readonly deliver: (now: number, actor: DeviceActor, session: DeviceSession, outputs: Outputs) => void
}

type StoreUplink = Decision & { readonly _tag: "StoreUplink" }

/** Carries out what `decide` decided, and answers the device once that is done: an ACK means stored. */
export class Requests {
  readonly #options: RequestsOptions
  readonly #waiting = new WaitingRequests()
  readonly #answers: Answers
  readonly #activations: Activations
  readonly #commands: CommandRequests
  readonly #scripts = new ScriptFailures()

  constructor(options: RequestsOptions) {
    this.#options = options
    const { counters, persistence, ports } = options
    const waiting = this.#waiting
    const answers = new Answers({ ...options, waiting })
    this.#answers = answers
    this.#activations = new Activations({ ports, counters, waiting, answers })
    this.#commands = new CommandRequests({ ports, counters, persistence, waiting, answers })
  }

  get inFlight(): number {
    return this.#waiting.size
  }

  inFlightOf(partition: number): number {
    return this.#waiting.countOf(partition)
  }

  handleRequest(now: number, context: RequestContext): void {
    const { config, ports, profiles } = this.#options
    const { request, session } = context
    if (!takeRequest(session, now, config.requestsPerSecondMax, config.requestsBurstMax)) {
      return this.#answers.tooMany(now, context, retrySeconds, `than ${config.requestsPerSecondMax} requests a second`)
    }
    // The same array means the same path (`Request.path`).
    const named = session.lastTopic?.path === request.path ? session.lastTopic : nameTopic(request.path)
    session.lastTopic = named
    const decision = decide(session, request, named, profiles.modelOf(session.productKey))
    const script = isRaw(named) ? profiles.scriptOf(session.productKey) : undefined
    if (script !== undefined && decision._tag !== "Refuse") {
      const token = this.#waiting.add(context, { kind: "rawRequest" })
      ports.convert(token, { script, direction: "up", input: request.payload })
    } else this.#carryOut(now, context, decision)
  }

  /**
   * What a former owner acknowledged empty and did not answer: its device waits and sends nothing. 2.04 if the stream has it,
   * else 5.00, so that the device sends it again.
   */
  answerOwed(now: number, actor: DeviceActor, session: DeviceSession): void {
    for (const { exchange, name, reply, request } of session.exchanges?.owed ?? []) {
      const context = { actor, session, exchange, request, original: undefined, mayRepeat: false }
      if (name !== "" && session.recalled?.ids.includes(name) === true) {
        this.#options.counters.copiesAnswered++
        this.#answers.respond(now, context, reply, ContentFormat.json)
        continue
      }
      const why = "the device's former owner went away before it could answer; the device was told 5.00"
      this.#answers.report(now, session, "store-unavailable", why)
      this.#answers.answer(now, context, Code.InternalServerError)
    }
  }

  /** Commands that newer ones have overtaken are to end as that, and never to be offered again. */
  tellOvertaken(now: number, actor: DeviceActor): void {
    this.#commands.tellOvertaken(now, actor)
  }

  #carryOut(now: number, context: RequestContext, decision: Decision): void {
    const { actor, session } = context
    const answers = this.#answers
    // An uplink leaves its trace in the stream; of all else the store hears with the next tick.
    if (decision._tag !== "StoreUplink") this.#options.persistence.touchLater(actor)
    switch (decision._tag) {
      case "StoreUplink":
        this.#reportOddTime(now, session, decision)
        this.#storeUplink(now, context, decision)
        break
      case "AskProperties":
        if (!mayAsk(actor, now)) {
          const what = `than ${questionsPerSecondMax} messages about attributes and tags a second`
          answers.tooMany(now, context, retrySeconds, what)
        } else if (decision.asked.ask._tag === "Query") this.#askProperties(now, context, decision.asked)
        else {
          const { asked, kind, method, topic } = decision
          this.#storeUplink(now, context, { _tag: "StoreUplink", kind, method, topic, reply: noBytes }, asked)
        }
        break
      case "FetchCommand":
        this.#commands.fetch(now, context, decision.topic)
        break
      case "CommandReply": {
        const refused = this.#commands.reply(now, context, decision)
        if (refused !== undefined) this.handleStored(now, refused, false)
        break
      }
      case "FetchSecret":
        this.#activations.fetchSecret(context)
        break
      case "RefuseByReply":
        answers.report(now, session, "uplink-refused", decision.reason)
        answers.succeed(now, context, decision.reply)
        break
      case "Refuse":
        answers.report(now, session, "request-refused", `${formatCode(decision.code)}: ${decision.reason}`, {
          hint: decision.hint
        })
        answers.answer(now, context, decision.code)
        break
    }
  }

  #reportOddTime(now: number, session: DeviceSession, { method, params }: StoreUplink): void {
    const odd = params === undefined ? undefined : oddTimeOf(method, params, now)
    if (odd === undefined) return
    this.#answers.report(now, session, "time-odd", `the device's ${odd}; it is stored as it was written`)
  }

  /** A script read what a raw product's device said, or wrote what it is answered. */
  handleConverted(now: number, token: number, conversion: Conversion): void {
    const { profiles } = this.#options
    const waiting = this.#waiting.take(token)
    if (waiting === undefined) return
    const { kind, request, session } = waiting
    const answers = this.#answers
    const script = profiles.scriptOf(session.productKey)
    if (script === undefined) {
      const why =
        "the product's script was taken back while it ran; the device was told 5.00, and its bytes pass as they are from now on"
      answers.report(now, session, "script-failed", why)
      return answers.answer(now, waiting, Code.InternalServerError)
    }
    if (kind === "rawAnswer") {
      if (conversion._tag === "Converted") return answers.respond(now, waiting, conversion.bytes, ContentFormat.octets)
      const why = `the answer can't be written, and the device was answered without payload: ${conversion.reason}, ${conversion.message}`
      answers.report(now, session, "script-failed", why)
      // What is stored is not taken back because its answer can't be written.
      return answers.succeed(now, waiting, noBytes)
    }
    if (conversion._tag === "Failed") {
      const why = failureText(conversion, script, request.payload)
      return this.#refuseRaw(now, waiting, script, why, isOfBytes(conversion))
    }
    const named = nameTopic(request.path)
    const read = readConverted(session, request, named, conversion.bytes, profiles.modelOf(session.productKey))
    if (typeof read === "string") {
      return this.#refuseRaw(now, waiting, script, unreadText(read, script, request.payload), true)
    }
    this.#scripts.succeeded(session.productKey)
    const { actor, exchange, mayRepeat } = waiting
    const context = { actor, session, exchange, request: read.converted, original: request, mayRepeat }
    this.#carryOut(now, context, read.decision)
  }

  /** 4.00 for bytes that the script can't read, since they would come again for ever; 5.00 where that is not known. */
  #refuseRaw(now: number, waiting: RequestContext, script: Script, why: string, isOfBytes: boolean): void {
    const { deviceKey, productKey } = waiting.actor
    this.#answers.report(now, waiting.session, "script-failed", why)
    this.#answers.answer(now, waiting, isOfBytes ? Code.BadRequest : Code.InternalServerError)
    const failing = isOfBytes ? this.#scripts.failed(productKey, script.version, deviceKey) : undefined
    if (failing === undefined) return
    const hint = () => `: ${failing.join(", ")}. The last time ${why}`
    this.#options.events.befell(now, productKey, "script-throws", throwsText(script), hint)
  }

  /** The store acknowledged what was given to it under `token`; or it could not take it, and the device hears 5.00. */
  handleStored(now: number, token: number, stored: boolean): void {
    const { counters } = this.#options
    const waiting = this.#waiting.take(token)
    if (waiting === undefined) return
    const { actor, asked, replied, session } = waiting
    if (!stored) {
      counters.uplinksFailed++
      this.#answers.report(now, session, "store-unavailable", notStoredText)
      this.#answers.answer(now, waiting, Code.InternalServerError)
      return
    }
    if (waiting.kind === "uplink") counters.uplinksStored++
    if (asked !== undefined) return this.#askProperties(now, waiting, asked)
    if (replied !== undefined) this.#commands.finish(now, actor, session, replied)
    this.#answers.succeed(now, waiting, waiting.payload)
  }

  handleActivation(now: number, token: number, outcome: ActivationOutcome): void {
    const waiting = this.#waiting.take(token)
    if (waiting !== undefined) this.#activations.handle(now, waiting, token, outcome)
  }

  handleProperties(now: number, token: number, outcome: PropertiesOutcome): void {
    const waiting = this.#waiting.take(token)
    if (waiting?.asked === undefined) return
    const answers = this.#answers
    if (outcome._tag === "Unavailable") {
      answers.report(now, waiting.session, "registry-unavailable", outcome.reason)
      answers.answer(now, waiting, Code.InternalServerError)
      return
    }
    const answer = answerOf(waiting.asked, outcome)
    if (answer === undefined) {
      answers.report(now, waiting.session, "request-refused", `4.01: ${refusalText("UnknownDevice")}`)
      return answers.answer(now, waiting, Code.Unauthorized)
    }
    if (answer.refused !== undefined) answers.report(now, waiting.session, "uplink-refused", answer.refused)
    answers.succeed(now, waiting, answer.payload)
  }

  #askProperties(now: number, context: RequestContext, asked: AskedProperties): void {
    const { deviceKey, productKey } = context.actor
    const token = this.#waiting.add(context, { kind: "properties", asked })
    this.#options.ports.askProperties(token, { productKey, deviceKey, kind: asked.kind, at: now, ask: asked.ask })
  }

  #storeUplink(now: number, context: RequestContext, decision: StoreUplink, asked?: AskedProperties): void {
    const { counters, persistence, ports } = this.#options
    const { actor, exchange, mayRepeat, request, session } = context
    const { kind, topic, method, reply } = decision
    const { productKey, deviceKey } = actor
    // By the device's own bytes: what a script makes of them may differ from copy to copy.
    const original = context.original ?? request
    const id = exchangeId(session.scope, original)
    if (session.recalled !== undefined && wasStored(now, session, id, request)) {
      counters.copiesAnswered++
      if (asked !== undefined) return this.#askProperties(now, context, asked)
      return this.#answers.succeed(now, context, reply)
    }
    if (asked === undefined) {
      session.exchanges?.promise(exchange, id, context.original === undefined ? reply : noBytes)
    }
    const bit = kindBit(kind)
    if ((session.kinds & bit) === 0) {
      session.kinds |= bit
      persistence.touch(actor)
    }
    const token = this.#waiting.add(context, { kind: "uplink", payload: reply, asked })
    const { formerScope } = session
    const uplink = {
      productKey,
      deviceKey,
      kind,
      session: session.handle,
      topic,
      method,
      at: now,
      id,
      record: session.dtls.highest,
      repeats: formerScope !== undefined && mayRepeat ? exchangeId(formerScope, original) : undefined,
      payload: request.payload
    }
    if (!ports.storeUplink(token, uplink)) this.handleStored(now, token, false)
  }
}

/** Whether a former owner stored this uplink and died before its answer got through. */
const wasStored = (now: number, session: DeviceSession, id: string, request: Request): boolean => {
  const { recalled } = session
  if (recalled === undefined || now >= recalled.until) {
    session.recalled = undefined
    return false
  }
  return recalled.ids.some((storedId) => isCopy(storedId, id, request))
}

const notStoredText =
  "the store did not say within its time that it has the message: the device was told 5.00, and keeps it. Likely nats-server is away, has no leader, or its disk or " +
  "stream is full. Look at /readyz of session-actors and at docs/operations.md; the device comes again by itself"

/** After which a device may send again that asked too much. */
const retrySeconds = 1
const noBytes = new Uint8Array(0)
