import { ContentType, encodeAlert, type Session, warningAlert } from "@roost/dtls"
import { dtlsCrypto } from "@roost/dtls-crypto"
import { defaultTuning } from "@roost/coap"
import * as Result from "effect/Result"
import type { ErrorKind } from "./ErrorKind.ts"
import { codeOf, type FleetSettings } from "./FleetSettings.ts"
import type { Links } from "./Links.ts"
import { Activity, type LoadDevice } from "./LoadDevice.ts"
import { type Meter, recordLatency } from "./Meter.ts"
import { replyTo } from "./CommandReply.ts"
import { ackOf, type RequestWriter, resetOf } from "./RequestWriter.ts"
import { type Expectation, type Verdict, verify } from "./Verification.ts"

export interface RequestEvents {
  /** The exchange is over, for good or bad; the device is `Ready`. */
  readonly onDone: (device: LoadDevice, now: number) => void
  /** No session any more, or none that the server knows. */
  readonly onSessionLost: (device: LoadDevice, now: number) => void
  readonly setTimer: (device: LoadDevice, deadline: number) => void
}

/** Sends requests, again where RFC 7252 §4.2 asks for it, and judges what comes back. One per device at a time (NSTART). */
export class Requests {
  readonly #settings: FleetSettings
  readonly #writer: RequestWriter
  readonly #links: Links
  readonly #meter: Meter
  readonly #events: RequestEvents
  readonly #expected: Expectation
  readonly #random: () => number
  #inFlight = 0
  #block = new Uint8Array(blockBytes)
  #blockUsed = 0

  constructor(
    settings: FleetSettings,
    writer: RequestWriter,
    links: Links,
    meter: Meter,
    random: () => number,
    events: RequestEvents
  ) {
    this.#settings = settings
    this.#writer = writer
    this.#links = links
    this.#meter = meter
    this.#random = random
    this.#events = events
    this.#expected = { code: codeOf(settings.expect), payload: settings.verifyPayload }
  }

  get inFlight(): number {
    return this.#inFlight
  }

  /** Sends the device's next uplink. False if it has no message id left: the device is set to try again. */
  send(device: LoadDevice, now: number, intendedAt: number): boolean {
    device.command = undefined
    return this.#start(device, now, intendedAt)
  }

  handleDatagram(device: LoadDevice, datagram: Uint8Array, now: number): void {
    if (this.#settings.suite === "plain") {
      this.handleMessage(device, datagram, now)
      return
    }
    // Read anew for each record: a message may end the session.
    for (let offset = 0; offset < datagram.length && device.session !== undefined;) {
      offset = this.#openRecord(device, device.session, datagram, offset, now)
    }
  }

  handleTimeout(device: LoadDevice, now: number): void {
    const { ackTimeoutMillis, maxRetransmit } = this.#settings
    if (!device.confirmable || device.acknowledged || device.transmissions > maxRetransmit) {
      // Device and server no longer know of each other, as far as the device can tell.
      this.#fail(device, "timeout", now, device.session !== undefined)
      return
    }
    device.timeoutMillis = device.transmissions === 0 ? ackTimeoutMillis : device.timeoutMillis * 2
    this.#meter.counters.retransmissions++
    this.#transmit(device, now)
  }

  /** One CoAP message from the server. */
  handleMessage(device: LoadDevice, bytes: Uint8Array, now: number): void {
    const verdict = verify(bytes, device, this.#expected)
    switch (verdict._tag) {
      case "Response":
        if (verdict.message.type === "CON") this.#sendMessage(device, ackOf(verdict.message.messageId), now)
        this.#succeed(device, verdict, now)
        break
      case "EmptyAck":
        device.acknowledged = true
        this.#events.setTimer(device, now + this.#settings.responseMillisMax)
        break
      case "Duplicate":
        this.#meter.counters.duplicates++
        if (verdict.message.type === "CON") this.#sendMessage(device, ackOf(verdict.message.messageId), now)
        break
      case "Wrong":
        if (verdict.message?.type === "CON") this.#sendMessage(device, resetOf(verdict.message.messageId), now)
        // 4.01: this session may not do it, a new handshake could.
        if (verdict.ends) this.#fail(device, verdict.kind, now, verdict.message?.code === unauthorized)
        else this.#meter.errors[verdict.kind]++
        break
    }
  }

  /** Forgets the exchange without a verdict: its session was dropped on purpose. */
  abandon(device: LoadDevice): void {
    if (!device.isWaiting) return
    this.#inFlight--
    device.command = undefined
    device.activity = Activity.Ready
  }

  /** close_notify (RFC 5246 §7.2.1); the session can still be resumed. */
  sayGoodbye(device: LoadDevice, now: number): void {
    const alert = device.session?.seal(dtlsCrypto, ContentType.alert, encodeAlert(warningAlert("close_notify")))
    if (alert !== undefined && Result.isSuccess(alert)) this.#links.send(device, alert.success, now)
  }

  #openRecord(device: LoadDevice, session: Session, datagram: Uint8Array, offset: number, now: number): number {
    const opened = session.open(dtlsCrypto, datagram, offset)
    switch (opened._tag) {
      case "ApplicationData":
        this.handleMessage(device, opened.plaintext, now)
        break
      case "Answer":
        this.#links.send(device, opened.bytes, now)
        break
      case "Closed":
        this.#meter.errors.sessionClosed++
        this.abandon(device)
        device.session = undefined
        this.#events.onSessionLost(device, now)
        break
      case "Dropped":
        // Repetitions and the records of an earlier session are a network's doing; a record that does not verify is the server's.
        if (opened.reason === "BadRecord" && !mayBeEarlier(device, now)) this.#meter.errors.record++
        else if (opened.reason === "Malformed") this.#meter.errors.record++
        else this.#meter.counters.duplicates++
        break
      case "Ignored":
        break
    }
    return opened.next
  }

  #start(device: LoadDevice, now: number, intendedAt: number): boolean {
    if (!takeMessageId(device, now)) {
      this.#meter.counters.messageIdStalls++
      return false
    }
    device.sequence = (device.sequence + 1) % sequenceEnd
    device.intendedAt = intendedAt
    device.transmissions = 0
    device.acknowledged = false
    device.activity = Activity.Waiting
    const { ackTimeoutMillis, responseMillisMax } = this.#settings
    const spread = 1 + this.#random() * (defaultTuning.ackRandomFactor - 1)
    device.timeoutMillis = device.confirmable ? ackTimeoutMillis * spread : responseMillisMax
    this.#inFlight++
    this.#meter.counters.requests++
    this.#transmit(device, now)
    return true
  }

  #transmit(device: LoadDevice, now: number): void {
    device.transmissions++
    this.#events.setTimer(device, now + device.timeoutMillis)
    this.#sendMessage(device, this.#writer.write(device), now)
  }

  #sendMessage(device: LoadDevice, message: Uint8Array, now: number): void {
    const { session } = device
    if (session === undefined && this.#settings.suite !== "plain") return
    const length = session === undefined ? message.length : session.sealedBytes(message.length)
    const start = this.#room(length)
    const block = this.#block
    if (session === undefined) block.set(message, start)
    else if (Result.isFailure(session.sealInto(dtlsCrypto, ContentType.application_data, message, block, start))) {
      return
    }
    this.#links.send(device, block.subarray(start, start + length), now)
  }

  /** Where the next datagram may be written. libuv may still hold an earlier one, so none is written over. */
  #room(length: number): number {
    if (this.#blockUsed + length > this.#block.length) {
      this.#block = new Uint8Array(Math.max(blockBytes, length))
      this.#blockUsed = 0
    }
    const start = this.#blockUsed
    this.#blockUsed += length
    return start
  }

  #succeed(device: LoadDevice, { announced, message }: Verdict & { readonly _tag: "Response" }, now: number): void {
    const { command } = device
    this.#inFlight--
    this.#meter.counters.responses++
    device.activity = Activity.Ready
    if (command === undefined) recordLatency(this.#meter.latency, now - device.intendedAt)
    else if (command.reply === undefined) {
      this.#meter.counters.commandsFetched++
      device.command = { ...command, reply: replyTo(message.payload) }
      if (this.#start(device, now, now)) return
    } else this.#meter.counters.commandsReplied++
    const count = command === undefined ? 0 : command.count + 1
    if (announced !== undefined && this.#settings.followCommands && count < commandsPerWakeMax) {
      device.command = { path: Buffer.from(announced).toString("utf8"), reply: undefined, count }
      if (this.#start(device, now, now)) return
    }
    device.command = undefined
    this.#events.onDone(device, now)
  }

  #fail(device: LoadDevice, kind: ErrorKind, now: number, sessionLost: boolean): void {
    this.#inFlight--
    this.#meter.errors[kind]++
    device.activity = Activity.Ready
    device.command = undefined
    if (sessionLost) this.#events.onSessionLost(device, now)
    else this.#events.onDone(device, now)
  }
}

/** RFC 7252 §4.4: none is used again within EXCHANGE_LIFETIME, since the server may answer from its memory. */
const takeMessageId = (device: LoadDevice, now: number): boolean => {
  if (device.messageIdsUsed === messageIds && now - device.messageIdsFrom < defaultTuning.exchangeLifetimeMillis) {
    return false
  }
  if (device.messageIdsUsed === 0 || device.messageIdsUsed === messageIds) {
    device.messageIdsUsed = 0
    device.messageIdsFrom = now
  }
  device.messageIdsUsed++
  device.messageId = (device.messageId + 1) & 0xffff
  return true
}

/** Whether a record may still be on its way that the session before this one was to read. */
const mayBeEarlier = (device: LoadDevice, now: number): boolean =>
  device.sessions > 1 && now - device.handshakeFrom < earlierRecordMillis

const earlierRecordMillis = 10_000
const messageIds = 0x1_0000
const sequenceEnd = 0x8000_0000
const unauthorized = 0x81
/** As `@roost/device` has it. */
const commandsPerWakeMax = 50
const blockBytes = 64 * 1024
