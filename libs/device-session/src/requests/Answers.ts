import { Code, formatCode, type Option, optionBytes, OptionNumber, type Outputs, uintOption } from "@roost/coap"
import type { DeviceEventKind } from "@roost/contracts"
import { option2100Value } from "@roost/enos"
import type { Counters } from "../state/Counters.ts"
import { ContentFormat, formatOption } from "./Decision.ts"
import type { DeviceActor } from "../state/DeviceActor.ts"
import type { DeviceSessionConfig } from "../state/DeviceSessionConfig.ts"
import type { EventMore, Events } from "../host/Events.ts"
import { addressOf } from "../state/Path.ts"
import type { Ports } from "../state/Ports.ts"
import type { ProductProfiles } from "./ProductProfiles.ts"
import { answerForScript } from "./RawConversions.ts"
import type { RequestContext } from "./RequestContext.ts"
import type { WaitingRequests } from "./WaitingRequests.ts"
import type { DeviceSession } from "../state/DeviceSession.ts"

export interface AnswersOptions {
  readonly config: DeviceSessionConfig
  readonly ports: Ports
  readonly counters: Counters
  readonly events: Events
  readonly profiles: ProductProfiles
  readonly waiting: WaitingRequests
  readonly deliver: (now: number, actor: DeviceActor, session: DeviceSession, outputs: Outputs) => void
}

/** Answers of devices' requests: codes, formats, the announcement of a command, and the events that explain refusals. */
export class Answers {
  readonly #options: AnswersOptions
  readonly #getSuccess: number

  constructor(options: AnswersOptions) {
    this.#options = options
    this.#getSuccess = options.config.getSuccess === "2.05" ? Code.Content : Code.Changed
  }

  /** A 2.xx to an authenticated request: with Option 2100 while anything undelivered waits. */
  succeed(now: number, context: RequestContext, payload: Uint8Array): void {
    const { ports, profiles, waiting } = this.#options
    const converted = payload.length > 0 && context.original !== undefined
    const script = converted ? profiles.scriptOf(context.session.productKey) : undefined
    if (script === undefined) return this.respond(now, context, payload, ContentFormat.json)
    const token = waiting.add(context, { kind: "rawAnswer" })
    ports.convert(token, { script, direction: "down", input: answerForScript(payload) })
  }

  /** The same with bytes that no script has to write. */
  respond(now: number, context: RequestContext, payload: Uint8Array, contentFormat: number): void {
    const format = payload.length === 0 ? [] : formatOption(context.request, contentFormat)
    const announcement = context.session.secureMode === 2 ? this.#announcement(now, context) : []
    this.answer(now, context, Code.Changed, payload, [...format, ...announcement])
  }

  /** JSON that a GET asked for. `announces`: with Option 2100 as above. */
  provide(now: number, context: RequestContext, json: Uint8Array, announces: boolean): void {
    const format = formatOption(context.request, ContentFormat.json)
    const announcement = announces ? this.#announcement(now, context) : []
    this.answer(now, context, this.#getSuccess, json, [...format, ...announcement])
  }

  /** 4.29 (RFC 8516): the device may ask again after so many seconds. `what` came too often. */
  tooMany(now: number, context: RequestContext, retrySeconds: number, what: string): void {
    const code = formatCode(Code.TooManyRequests)
    const why =
      `${code}: the device sends more ${what}. Likely it repeats without waiting for answers, or a loop has no pause. ` +
      `Have it wait for its answers, and for Max-Age, ${retrySeconds} s, after a ${code}`
    this.report(now, context.session, "request-refused", why)
    this.retryLater(now, context, retrySeconds)
  }

  /** The same where an event of another kind says why. */
  retryLater(now: number, context: RequestContext, retrySeconds: number): void {
    this.answer(now, context, Code.TooManyRequests, noBytes, [uintOption(OptionNumber.MaxAge, retrySeconds)])
  }

  answer(
    now: number,
    { actor, exchange, session }: RequestContext,
    code: number,
    payload: Uint8Array = noBytes,
    options: ReadonlyArray<Option> = noOptions
  ): void {
    // A response belongs to the session and epoch of its request (RFC 7252 §9.1.1).
    if (actor.session !== session || session.exchanges === undefined) return
    const outputs = session.exchanges.respond(now, exchange, { code, options, payload })
    const tooLarge = outputs.some((output) => output._tag === "Transmit" && output.cause === "ResponseTooLarge")
    this.#options.counters.responded(tooLarge ? Code.InternalServerError : code)
    if (tooLarge) {
      const why = `the answer of ${payload.length} bytes was replaced by 5.00: it is more than is sent in blocks, or no block of it fits a record of this session (${session.dtls.writeBytesMax} bytes)`
      this.report(now, session, "response-too-large", why)
    }
    this.#options.deliver(now, actor, session, outputs)
  }

  /** An event about the device, for operators. */
  report(now: number, session: DeviceSession, kind: DeviceEventKind, reason: string, more?: EventMore): void {
    this.#options.events.happened(now, session, kind, addressOf(session), reason, more)
  }

  #announcement(now: number, { actor, exchange, session }: RequestContext): ReadonlyArray<Option> {
    const command = actor.announced(now)
    if (command === undefined) return noOptions
    const value = option2100Value(command.topic)
    if (value === undefined) return noOptions
    const bytes = optionBytes(OptionNumber.PendingCommand, value.length) + formatBytes
    const room = session.exchanges?.optionBytesMax(exchange) ?? 0
    if (bytes > room) {
      this.#options.counters.announcementsLeftOut++
      const why =
        `command ${command.id} was not announced: Option 2100 with ${command.topic} takes ${bytes} bytes, and a record ` +
        `of this session, ${session.dtls.writeBytesMax} bytes by the device's own limit, has ${Math.max(0, room)} left ` +
        `for it; agree on a larger max_fragment_length or record_size_limit, or let the device GET the topic unasked`
      this.report(now, session, "announcement-left-out", why, { detail: { commandId: command.id } })
      return noOptions
    }
    if (actor.commands.hint(command)) {
      const hinted = { _tag: "Hinted", commandId: command.id, at: now } as const
      this.#options.ports.storeCommandEvent(0, actor.productKey, actor.deviceKey, hinted)
    }
    return [{ number: OptionNumber.PendingCommand, value }]
  }
}

/** Of the Content-Format that stands beside Option 2100. */
const formatBytes = optionBytes(OptionNumber.ContentFormat, 1)
const noBytes = new Uint8Array(0)
const noOptions: ReadonlyArray<Option> = []
