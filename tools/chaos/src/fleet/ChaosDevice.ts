import { pause } from "../pause.ts"
import { type ClientRequest, type ClientResponse, Code, codeClass, formatCode } from "@roost/coap"
import { announcedTopic, getTopic, type LinkEvent, postTopic, SecureLink } from "@roost/device"
import { decodeRequest, encodeReply, encodeRequest, EnosCode, formatIdentity, pskFromSecret, Topics } from "@roost/enos"
import * as Result from "effect/Result"
import type { Recorder } from "../record/Recorder.ts"
import type { Exchange, HandshakeAttempt, Role } from "../record/Recording.ts"

export interface ChaosDeviceOptions {
  readonly productKey: string
  readonly deviceKey: string
  readonly secret: string
  readonly role: Role
  readonly port: number
  readonly lifetimeSeconds: number
  /** Between a response and the next request, ± half. */
  readonly thinkMillis: number
  /** From 0 inclusive to 1 exclusive. */
  readonly random: () => number
}

/** A mover goes on from another port before this share of its uplinks. */
const moveShare = 0.1
/** A sleeper's messages between two silences. */
const uplinksPerWake = 3
/** How much longer than its Lifetime a sleeper is silent: offline may come late, and has to come. */
const silenceMarginMillis = 17_000
const retryMillis = 1_000
/** Between two sessions of a newcomer, ± half. */
const newcomerPauseMillis = 300

/**
 * A device that posts in a closed loop, obeys Option 2100, and records what it sees. It never gives up a session that
 * may still live. It handshakes again only where a request was given up, refused with 4.01, or the server ended it.
 */
export class ChaosDevice {
  readonly number: number
  readonly #options: ChaosDeviceOptions
  readonly #recorder: Recorder
  #link: SecureLink | undefined
  #exchange: Exchange | undefined
  #nextId = 0
  #nextHandshake = "first"

  constructor(options: ChaosDeviceOptions, recorder: Recorder) {
    this.#options = options
    this.#recorder = recorder
    const { deviceKey, lifetimeSeconds, role } = options
    this.number = recorder.addDevice({ deviceKey, role, lifetimeSeconds })
  }

  get options(): ChaosDeviceOptions {
    return this.#options
  }

  /** Handshakes until one succeeds. */
  async connect(signal: AbortSignal): Promise<void> {
    const { deviceKey, lifetimeSeconds, port, productKey, role, secret } = this.#options
    while (!signal.aborted) {
      const attempt = this.#recorder.beginHandshake(this.number)
      this.#link?.abandon()
      const link = new SecureLink({
        host: "127.0.0.1",
        port,
        identity: formatIdentity({ productKey, deviceKey, secureMode: 2, lifetimeSeconds }),
        psk: pskFromSecret(secret),
        connectionId: role !== "plain",
        onEvent: (event) => this.#record(attempt, event)
      })
      this.#link = link
      try {
        await link.connect()
        Object.assign(attempt, { endedAt: Date.now(), completed: true })
        const reason = this.#nextHandshake
        this.#recorder.handshakes.push({ device: this.number, at: Date.now(), resumed: false, reason })
        return
      } catch {
        // Cut off at the end of the run it is under way still.
        if (!signal.aborted) attempt.endedAt = Date.now()
        link.abandon()
        await pause(retryMillis, signal)
      }
    }
  }

  /** Posts until `signal`; then what is under way ends, or `cut` does. */
  async run(signal: AbortSignal, cut: AbortSignal): Promise<void> {
    const { lifetimeSeconds, random, role, thinkMillis } = this.#options
    cut.addEventListener("abort", () => this.#link?.abandon(), { once: true })
    await pause(thinkMillis * random(), signal)
    for (let posted = 1; !signal.aborted; posted++) {
      if (role === "mover" && random() < moveShare) this.#link?.rebind()
      await this.#post(signal, cut)
      if (role === "newcomer") this.#lose("newcomer")
      const falls = role === "sleeper" && posted % uplinksPerWake === 0
      const rest = role === "newcomer" ? newcomerPauseMillis : thinkMillis
      const millis = falls ? lifetimeSeconds * 1000 + silenceMarginMillis : rest * (0.5 + random())
      await pause(millis, signal)
    }
  }

  async #post(signal: AbortSignal, cut: AbortSignal): Promise<void> {
    const { deviceKey, productKey } = this.#options
    const id = `${deviceKey}-${this.#nextId++}`
    const payload = encodeRequest(id, "thing.measurepoint.post", { measurepoints: { temp: 21.5 }, time: Date.now() })
    const request = postTopic(Topics.measurepointPost(productKey, deviceKey), payload)
    const response = await this.#request("uplink", id, request, cut)
    let topic = response === undefined ? undefined : announcedTopic(response)
    while (topic !== undefined && !signal.aborted) topic = await this.#obey(topic, cut)
  }

  /** One command: fetched, carried out, answered; the next topic, if one was announced. */
  async #obey(topic: string, cut: AbortSignal): Promise<string | undefined> {
    const fetched = await this.#request("fetch", topic, getTopic(topic), cut)
    if (fetched === undefined || codeClass(fetched.code) !== 2) return undefined
    const command = decodeRequest(fetched.payload)
    if (Result.isFailure(command)) return undefined
    const id = String(command.success.id)
    const reply = postTopic(Topics.reply(topic), encodeReply(id, EnosCode.success, {}))
    const replied = await this.#request("reply", id, reply, cut)
    return (replied === undefined ? undefined : announcedTopic(replied)) ?? announcedTopic(fetched)
  }

  async #request(
    kind: Exchange["kind"],
    id: string,
    request: ClientRequest,
    cut: AbortSignal
  ): Promise<ClientResponse | undefined> {
    if (cut.aborted) return undefined
    if (this.#link?.isClosed !== false) await this.connect(cut)
    const exchange = this.#recorder.begin(this.number, kind, id)
    this.#exchange = exchange
    try {
      const response = await this.#link!.request(request)
      this.#recorder.end(exchange, formatCode(response.code))
      if (response.code === Code.Unauthorized) this.#lose("4.01")
      return response
    } catch (error) {
      if (!cut.aborted) {
        exchange.endedAt = Date.now()
        this.#lose(error instanceof Error ? error.message : String(error))
      }
      return undefined
    }
  }

  #lose(reason: string): void {
    this.#nextHandshake = reason
    this.#link?.abandon()
  }

  #record(attempt: HandshakeAttempt, event: LinkEvent): void {
    if (!attempt.completed && event._tag === "Sent") attempt.sentAt.push(Date.now())
    if (event._tag === "Sent" && event.flight.startsWith("ClientKeyExchange")) attempt.serverHelloAt ??= Date.now()
    if (event._tag === "Sent") this.#recorder.datagram(this.number, attempt.key, "up", event.datagram)
    else if (event._tag === "Received") this.#recorder.datagram(this.number, attempt.key, "down", event.datagram)
    else if (event._tag === "MessageSent" && !isEmpty(event.bytes)) this.#exchange?.sentAt.push(Date.now())
  }
}

/** An ACK of a separate response. */
const isEmpty = (message: Uint8Array): boolean => message[1] === Code.Empty
