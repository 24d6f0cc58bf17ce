import {
  Code,
  formatCode,
  type Option,
  optionBytes,
  OptionNumber,
  type Outputs,
  type Request,
  uintOption
} from "@roost/coap"
import { EnosCode, option2100Value, oddTimeOf } from "@roost/enos"
import type { Conversion } from "@roost/raw-script"
import { Activations } from "./Activations.ts"
import type { Counters } from "./Counters.ts"
import { ContentFormat, decide, type Decision, formatOption, nameTopic } from "./Decision.ts"
import type { DeviceActor, DeviceSession } from "./DeviceActor.ts"
import type { DeviceSessionConfig } from "./DeviceSessionConfig.ts"
import type { Events } from "./Events.ts"
import { exchangeId, isCopy } from "./ExchangeId.ts"
import { addressOf } from "./Path.ts"
import type { Persistence } from "./Persistence.ts"
import type { ActivationOutcome, Ports, PropertiesOutcome } from "./Ports.ts"
import type { ProductProfiles } from "./ProductProfiles.ts"
import { answerForScript, failureText, isRaw, readConverted } from "./RawConversions.ts"
import { answerOf, type AskedProperties, mayAsk } from "./PropertiesAsk.ts"
import { kindBit } from "./Takeover.ts"
import { takeRequest } from "./TokenBucket.ts"
import { type WaitingRequest, WaitingRequests } from "./WaitingRequests.ts"

type Deliver = (now: number, actor: DeviceActor, session: DeviceSession, outputs: Outputs) => void

/** Carries out what `decide` decided and answers the device once that is done: an ACK means stored (design §2.1). */
export class Requests {
  readonly #config: DeviceSessionConfig
  readonly #ports: Ports
  readonly #counters: Counters
  readonly #events: Events
  readonly #persistence: Persistence
  readonly #profiles: ProductProfiles
  readonly #deliver: Deliver
  readonly #waiting = new WaitingRequests()
  readonly #activations: Activations
  readonly #getSuccess: number
  /** What a device said, by what its product's script made of it. */
  readonly #originals = new WeakMap<Request, Request>()
  /** Requests that may repeat one of the device's session before. */
  readonly #repetitions = new WeakSet<Request>()

  constructor(options: {
    readonly config: DeviceSessionConfig
    readonly ports: Ports
    readonly counters: Counters
    readonly events: Events
    readonly persistence: Persistence
    readonly profiles: ProductProfiles
    readonly deliver: Deliver
  }) {
    this.#config = options.config
    this.#ports = options.ports
    this.#counters = options.counters
    this.#events = options.events
    this.#persistence = options.persistence
    this.#profiles = options.profiles
    this.#deliver = options.deliver
    this.#getSuccess = options.config.getSuccess === "2.05" ? Code.Content : Code.Changed
    this.#activations = new Activations({
      ports: this.#ports,
      counters: this.#counters,
      waiting: this.#waiting,
      getSuccess: this.#getSuccess,
      happened: (...event) => this.#happened(...event),
      answer: (...answer) => this.#answer(...answer)
    })
  }

  get inFlight(): number {
    return this.#waiting.size
  }

  inFlightOf(partition: number): number {
    return this.#waiting.countOf(partition)
  }

  /** `mayRepeat`: the same message came in the device's session before. */
  handleRequest(
    now: number,
    actor: DeviceActor,
    session: DeviceSession,
    exchange: number,
    request: Request,
    mayRepeat = false
  ): void {
    if (mayRepeat) this.#repetitions.add(request)
    const { requestsPerSecondMax, requestsBurstMax } = this.#config
    if (!takeRequest(session, now, requestsPerSecondMax, requestsBurstMax)) {
      this.#answer(now, actor, session, exchange, Code.TooManyRequests, noBytes, retrySoon)
      return
    }
    // The same array means the same path (`Request.path`).
    const named = session.lastTopic?.path === request.path ? session.lastTopic : nameTopic(request.path)
    session.lastTopic = named
    const decision = decide(session, request, named, this.#profiles.modelOf(session.productKey))
    const script = isRaw(named) ? this.#profiles.scriptOf(session.productKey) : undefined
    if (script !== undefined && decision._tag !== "Refuse") {
      const token = this.#wait(actor, session, exchange, request, "rawRequest")
      this.#ports.convert(token, { script, direction: "up", input: request.payload })
    } else this.#carryOut(now, actor, session, exchange, request, decision)
  }

  #carryOut(
    now: number,
    actor: DeviceActor,
    session: DeviceSession,
    exchange: number,
    request: Request,
    decision: Decision
  ): void {
    // An uplink leaves its trace in the stream; of all else the store hears with the next tick.
    if (decision._tag !== "StoreUplink") this.#persistence.touchLater(actor)
    switch (decision._tag) {
      case "StoreUplink":
        this.#tellOddTime(now, session, decision)
        this.#storeUplink(now, actor, session, exchange, request, decision)
        break
      case "AskProperties":
        if (!mayAsk(actor, now)) {
          this.#answer(now, actor, session, exchange, Code.TooManyRequests, noBytes, retrySoon)
          break
        }
        if (decision.asked.ask._tag === "Query") {
          this.#askProperties(now, { actor, session, exchange, request, payload: noBytes }, decision.asked)
        } else {
          const { asked, kind, method, topic } = decision
          const stored = { _tag: "StoreUplink", kind, method, topic, reply: noBytes } as const
          this.#storeUplink(now, actor, session, exchange, request, stored, asked)
        }
        break
      case "FetchCommand":
        this.#fetchCommand(now, actor, session, exchange, request, decision.topic)
        break
      case "CommandReply":
        this.#commandReply(now, actor, session, exchange, request, decision)
        break
      case "FetchSecret":
        this.#activations.fetchSecret(actor, session, exchange, request)
        break
      case "RefuseByReply":
        this.#happened(now, session, "uplink-refused", decision.reason)
        this.#succeed(now, actor, session, exchange, request, decision.reply)
        break
      case "Refuse":
        this.#happened(now, session, "request-refused", `${formatCode(decision.code)}: ${decision.reason}`)
        this.#answer(now, actor, session, exchange, decision.code, noBytes, [])
        break
    }
  }

  #tellOddTime(
    now: number,
    session: DeviceSession,
    { method, params }: Decision & { readonly _tag: "StoreUplink" }
  ): void {
    const odd = params === undefined ? undefined : oddTimeOf(method, params, now)
    if (odd !== undefined)
      this.#happened(now, session, "time-odd", `the device's ${odd}; it is stored as it was written`)
  }

  /** A script read what a raw product's device said, or wrote what it is answered. */
  handleConverted(now: number, token: number, conversion: Conversion): void {
    const waiting = this.#waiting.take(token)
    const script = waiting && this.#profiles.scriptOf(waiting.session.productKey)
    if (waiting === undefined) return
    const { actor, exchange, kind, request, session } = waiting
    if (conversion._tag === "Failed" || script === undefined) {
      const why =
        script !== undefined && conversion._tag === "Failed" ? failureText(conversion, script) : "the script is gone"
      this.#happened(now, session, "script-failed", why)
      // What is stored is not taken back because its answer can't be written.
      if (kind === "rawAnswer") this.#succeed(now, actor, session, exchange, request, noBytes)
      else this.#answer(now, actor, session, exchange, Code.InternalServerError, noBytes, [])
    } else if (kind === "rawAnswer") {
      this.#respond(now, actor, session, exchange, request, conversion.bytes, ContentFormat.octets)
    } else {
      const named = nameTopic(request.path)
      const model = this.#profiles.modelOf(session.productKey)
      const read = readConverted(session, request, named, conversion.bytes, model)
      if (typeof read === "string") {
        this.#happened(now, session, "script-failed", read)
        this.#answer(now, actor, session, exchange, Code.InternalServerError, noBytes, [])
        return
      }
      this.#originals.set(read.converted, request)
      this.#carryOut(now, actor, session, exchange, read.converted, read.decision)
    }
  }

  #wait(
    actor: DeviceActor,
    session: DeviceSession,
    exchange: number,
    request: Request,
    kind: WaitingRequest["kind"]
  ): number {
    return this.#waiting.add({
      actor,
      session,
      exchange,
      request,
      payload: noBytes,
      kind,
      asked: undefined,
      replied: undefined
    })
  }

  /** `handleStored` of the host: the stream acknowledged, or it did not and the device hears 5.00. */
  handleStored(now: number, token: number, stored: boolean): void {
    const waiting = this.#waiting.take(token)
    if (waiting === undefined) return
    const { actor, session, exchange, request, payload, kind } = waiting
    if (!stored) {
      this.#counters.uplinksFailed++
      this.#happened(
        now,
        session,
        "store-unavailable",
        "the stream did not acknowledge in time; the device was told 5.00"
      )
      this.#answer(now, actor, session, exchange, Code.InternalServerError, noBytes, [])
      return
    }
    if (kind === "uplink") this.#counters.uplinksStored++
    if (waiting.asked !== undefined) return this.#askProperties(now, waiting, waiting.asked)
    if (waiting.replied !== undefined) this.#finishCommand(now, actor, session, waiting.replied)
    this.#succeed(now, actor, session, exchange, request, payload)
  }

  handleActivation(now: number, token: number, outcome: ActivationOutcome): void {
    const waiting = this.#waiting.take(token)
    if (waiting !== undefined) this.#activations.handle(now, waiting, token, outcome)
  }

  handleProperties(now: number, token: number, outcome: PropertiesOutcome): void {
    const waiting = this.#waiting.take(token)
    if (waiting?.asked === undefined) return
    const { actor, asked, exchange, request, session } = waiting
    if (outcome._tag === "Unavailable") {
      this.#happened(now, session, "registry-unavailable", outcome.reason)
      this.#answer(now, actor, session, exchange, Code.InternalServerError, noBytes, [])
      return
    }
    const answer = answerOf(asked, outcome)
    if (answer === undefined) {
      this.#answer(now, actor, session, exchange, Code.Unauthorized, noBytes, [])
      return
    }
    if (answer.refused !== undefined) this.#happened(now, session, "uplink-refused", answer.refused)
    this.#succeed(now, actor, session, exchange, request, answer.payload)
  }

  #askProperties(
    now: number,
    waiting: Pick<WaitingRequest, "actor" | "session" | "exchange" | "request" | "payload">,
    asked: AskedProperties
  ): void {
    const { deviceKey, productKey } = waiting.actor
    const token = this.#waiting.add({ ...waiting, kind: "properties", asked, replied: undefined })
    this.#ports.askProperties(token, { productKey, deviceKey, kind: asked.kind, at: now, ask: asked.ask })
  }

  #storeUplink(
    now: number,
    actor: DeviceActor,
    session: DeviceSession,
    exchange: number,
    request: Request,
    decision: Decision & { readonly _tag: "StoreUplink" },
    asked?: AskedProperties
  ): void {
    const { kind, topic, method, reply } = decision
    const { productKey, deviceKey } = actor
    // By the device's own bytes: what a script makes of them may differ from copy to copy.
    const original = fromBytes(request) ? (this.#originals.get(request) ?? request) : request
    const id = exchangeId(session.scope, original)
    if (session.recalled !== undefined && wasStored(now, session, id, request)) {
      this.#counters.copiesAnswered++
      if (asked !== undefined) {
        const copy = { actor, session, exchange, request, payload: reply }
        return this.#askProperties(now, copy, asked)
      }
      this.#succeed(now, actor, session, exchange, request, reply)
      return
    }
    const bit = kindBit(kind)
    if ((session.kinds & bit) === 0) {
      session.kinds |= bit
      this.#persistence.touch(actor)
    }
    const token = this.#waiting.add({
      actor,
      session,
      exchange,
      request,
      payload: reply,
      kind: "uplink",
      asked,
      replied: undefined
    })
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
      repeats:
        session.formerScope !== undefined && this.#repetitions.has(original)
          ? exchangeId(session.formerScope, original)
          : undefined,
      payload: request.payload
    }
    if (!this.#ports.storeUplink(token, uplink)) this.handleStored(now, token, false)
  }

  /** Hands out the oldest waiting command of the topic (design §3, 10). The event may be lost: it is offered again then. */
  #fetchCommand(
    now: number,
    actor: DeviceActor,
    session: DeviceSession,
    exchange: number,
    request: Request,
    topic: string
  ): void {
    const command = actor.pending === 0 ? undefined : actor.commands.take(now, topic, session.facts.downlink)
    if (command === undefined) {
      this.#answer(now, actor, session, exchange, Code.NotFound, noBytes, [])
      return
    }
    this.#counters.commandsFetched++
    const fetched = { _tag: "Fetched", commandId: command.id, at: now, delivery: command.deliveries } as const
    this.#ports.storeCommandEvent(0, actor.productKey, actor.deviceKey, fetched)
    this.#happened(now, session, "command-fetched", `the device fetched command ${command.id} from ${topic}`, {
      commandId: command.id,
      delivery: command.deliveries
    })
    this.#persistence.touch(actor)
    const options = [...formatOption(request, ContentFormat.json), ...this.#announcement(now, actor, session, exchange)]
    this.#answer(now, actor, session, exchange, this.#getSuccess, command.payload, options)
  }

  #commandReply(
    now: number,
    actor: DeviceActor,
    session: DeviceSession,
    exchange: number,
    request: Request,
    reply: Decision & { readonly _tag: "CommandReply" }
  ): void {
    const { code, commandTopic, data, message } = reply
    const { productKey, deviceKey } = actor
    const known = actor.pending === 0 ? undefined : findReplied(actor, commandTopic, reply.id)
    if (known === undefined) {
      const reason = `a reply on ${commandTopic} to ${reply.id ?? "raw bytes"}, which waits for none`
      this.#happened(now, session, "command-reply-unknown", reason)
      this.#succeed(now, actor, session, exchange, request, noBytes)
      return
    }
    const text = message === undefined ? {} : { message }
    const event = {
      _tag: "Replied",
      commandId: known,
      at: now,
      code,
      ...text,
      ...(data === undefined ? {} : { data })
    } as const
    const replied = { commandId: known, code }
    const token = this.#waiting.add({
      actor,
      session,
      exchange,
      request,
      payload: noBytes,
      kind: "reply",
      asked: undefined,
      replied
    })
    if (!this.#ports.storeCommandEvent(token, productKey, deviceKey, event)) this.handleStored(now, token, false)
  }

  /** The reply is stored; until downlink-queue removes the entry, the command must not be offered again. */
  #finishCommand(
    now: number,
    actor: DeviceActor,
    session: DeviceSession,
    replied: { readonly commandId: string; readonly code: number }
  ): void {
    const { commandId, code } = replied
    this.#counters.commandReplies++
    actor.commands.finish(commandId)
    this.tellOvertaken(now, actor)
    this.#persistence.touch(actor)
    const outcome = code === EnosCode.success ? "succeeded" : `failed with code ${code}`
    this.#happened(now, session, "command-replied", `command ${commandId} ${outcome}`, { commandId, code })
  }

  /** Commands that newer ones have overtaken are to end as that, and never to be offered again. */
  tellOvertaken(now: number, actor: DeviceActor): void {
    for (const { by, id } of actor.commands.takeOvertaken()) {
      this.#persistence.touch(actor)
      const event = { _tag: "Overtaken", commandId: id, at: now, by } as const
      this.#ports.storeCommandEvent(0, actor.productKey, actor.deviceKey, event)
    }
  }

  /** A 2.xx to an authenticated request: with Option 2100 while anything undelivered waits (contract, 113). */
  #succeed(
    now: number,
    actor: DeviceActor,
    session: DeviceSession,
    exchange: number,
    request: Request,
    payload: Uint8Array
  ): void {
    const converted = payload.length > 0 && fromBytes(request) && this.#originals.has(request)
    const script = converted ? this.#profiles.scriptOf(session.productKey) : undefined
    if (script !== undefined) {
      const token = this.#wait(actor, session, exchange, request, "rawAnswer")
      this.#ports.convert(token, { script, direction: "down", input: answerForScript(payload) })
    } else this.#respond(now, actor, session, exchange, request, payload, ContentFormat.json)
  }

  #respond(
    now: number,
    actor: DeviceActor,
    session: DeviceSession,
    exchange: number,
    request: Request,
    payload: Uint8Array,
    contentFormat: number
  ): void {
    const format = payload.length === 0 ? [] : formatOption(request, contentFormat)
    const announcement = session.secureMode === 2 ? this.#announcement(now, actor, session, exchange) : []
    this.#answer(now, actor, session, exchange, Code.Changed, payload, [...format, ...announcement])
  }

  #announcement(now: number, actor: DeviceActor, session: DeviceSession, exchange: number): ReadonlyArray<Option> {
    const command = actor.announced(now)
    if (command === undefined) return []
    const value = option2100Value(command.topic)
    if (value === undefined) return []
    const bytes = optionBytes(OptionNumber.PendingCommand, value.length) + formatBytes
    const room = session.exchanges?.optionBytesMax(exchange) ?? 0
    if (bytes > room) {
      this.#counters.announcementsLeftOut++
      const why =
        `command ${command.id} was not announced: Option 2100 with ${command.topic} takes ${bytes} bytes, and a record ` +
        `of this session, ${session.dtls.writeBytesMax} bytes by the device's own limit, has ${Math.max(0, room)} left ` +
        `for it; agree on a larger max_fragment_length or record_size_limit, or let the device GET the topic unasked`
      this.#happened(now, session, "announcement-left-out", why, { commandId: command.id })
      return []
    }
    if (actor.commands.hint(command)) {
      const hinted = { _tag: "Hinted", commandId: command.id, at: now } as const
      this.#ports.storeCommandEvent(0, actor.productKey, actor.deviceKey, hinted)
    }
    return [{ number: OptionNumber.PendingCommand, value }]
  }

  #answer(
    now: number,
    actor: DeviceActor,
    session: DeviceSession,
    exchange: number,
    code: number,
    payload: Uint8Array,
    options: ReadonlyArray<Option>
  ): void {
    // A response belongs to the session and epoch of its request (RFC 7252 §9.1.1, C12).
    if (actor.session !== session || session.exchanges === undefined) return
    const outputs = session.exchanges.respond(now, exchange, { code, options, payload })
    const tooLarge = outputs.some((output) => output._tag === "Transmit" && output.cause === "ResponseTooLarge")
    this.#counters.responded(tooLarge ? Code.InternalServerError : code)
    if (tooLarge) {
      const why = `the answer of ${payload.length} bytes was replaced by 5.00: it is more than is sent in blocks, or no block of it fits a record of this session (${session.dtls.writeBytesMax} bytes)`
      this.#happened(now, session, "response-too-large", why)
    }
    this.#deliver(now, actor, session, outputs)
  }

  #happened(
    now: number,
    session: DeviceSession,
    kind: string,
    reason: string,
    detail?: Readonly<Record<string, string | number | boolean>>
  ): void {
    this.#events.happened(now, session, kind, addressOf(session), reason, detail)
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

/** Whether the device posted bytes for its product's script. */
const fromBytes = (request: Request): boolean => request.path.at(-1) === "up_raw"

/** The command that a reply answers: by id, and a raw reply the oldest delivered one of its topic. */
const findReplied = (actor: DeviceActor, commandTopic: string, id: string | undefined): string | undefined => {
  if (id === undefined) return actor.commands.oldestDelivered(commandTopic)?.id
  const command = actor.commands.find(id) ?? actor.commands.findNumbered(id)
  return command?.topic === commandTopic && command.deliveries > 0 ? command.id : undefined
}

const retrySoon: ReadonlyArray<Option> = [uintOption(OptionNumber.MaxAge, 1)]
/** Of the Content-Format that stands beside Option 2100. */
const formatBytes = optionBytes(OptionNumber.ContentFormat, 1)
const noBytes = new Uint8Array(0)
