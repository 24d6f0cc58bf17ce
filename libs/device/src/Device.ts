import { type ClientRequest, type ClientResponse, type ClientSettings, Code, codeClass, formatCode } from "@roost/coap"
import type { CipherSuite, RetransmissionTiming, Session } from "@roost/dtls"
import { decodeRequest, encodeReply, encodeRequest, formatIdentity, pskFromSecret, Topics } from "@roost/enos"
import * as Result from "effect/Result"
import { setTimeout as sleep } from "node:timers/promises"
import { announcedTopic, type CommandHandler, commandOf, refuseCommand } from "./Command.ts"
import type { DeviceEvent } from "./DeviceEvent.ts"
import { getTopic, postTopic } from "./EnosRequest.ts"
import { activationHint, LinkError, unauthorizedHint } from "./LinkError.ts"
import { SecureLink } from "./SecureLink.ts"

export interface DeviceOptions {
  readonly host: string
  readonly port: number
  readonly productKey: string
  readonly deviceKey: string
  /** 30–86 400; 300 unless given. */
  readonly lifetimeSeconds?: number
  readonly suites?: ReadonlyArray<CipherSuite>
  /** Offer a connection id; true unless given. */
  readonly connectionId?: boolean
  /** Resume the last session when connecting again. */
  readonly resume?: boolean
  /** Largest record that it reads, in bytes: 512, 1024, 2048 or 4096 (RFC 6066 §4). */
  readonly maxFragmentLength?: number | undefined
  /** Likewise, 64 at least (RFC 8449). */
  readonly recordSizeLimit?: number | undefined
  readonly timing?: RetransmissionTiming
  readonly coap?: ClientSettings
  readonly onCommand?: CommandHandler
  readonly onEvent?: (event: DeviceEvent) => void
}

export interface RunOptions {
  /** Between two reports. */
  readonly intervalMillis: number
  /** Endless unless given. */
  readonly reports?: number
  /** One report, by `device.report` or `device.post`; `sent` counts those before. */
  readonly report: (device: Device, sent: number) => Promise<ClientResponse>
  /** Ends the run, at the next pause if nothing else is done; `close` and `abandon` end what is under way. */
  readonly signal?: AbortSignal
  /** Pause before the first attempt to connect again, then doubled up to the last one. */
  readonly retry?: { readonly initialMillis: number; readonly maxMillis: number }
}

/** Commands that one announcement leads to at most before the device goes back to its work. */
export const commandsPerWakeMax = 50

export const defaultRetry = { initialMillis: 2000, maxMillis: 60_000 }

/** A device in software: activates, connects, reports, obeys Option 2100. One request at a time, as NSTART has it. */
export class Device {
  readonly #options: DeviceOptions
  #link: SecureLink | undefined
  #session: Session | undefined
  #nextId = 1

  constructor(options: DeviceOptions) {
    this.#options = options
  }

  get link(): SecureLink | undefined {
    return this.#link
  }

  /**
   * Fetches the device's secret with the product's (contract §6): a handshake with SecureMode 3, one GET, close. Every
   * call makes the platform issue another secret, so keep what it gives. Rejects with `LinkError`.
   */
  async activate(productSecret: string): Promise<{ readonly assetId: string; readonly deviceSecret: string }> {
    const { deviceKey, productKey } = this.#options
    this.abandon()
    const link = await this.#open(3, productSecret)
    try {
      const response = await link.request(getTopic(Topics.activateInfo(productKey, deviceKey)))
      if (codeClass(response.code) !== 2) {
        throw new LinkError("peer", `the platform answered ${formatCode(response.code)}`, activationHint)
      }
      const issued = issuedSecret(response.payload)
      this.#emit({ _tag: "Activated", assetId: issued.assetId })
      return issued
    } finally {
      await this.close()
    }
  }

  /**
   * Handshakes with the device's own secret; abbreviated if an earlier session may be resumed. Rejects with `LinkError`.
   */
  async connect(deviceSecret: string): Promise<void> {
    this.abandon()
    try {
      this.#session = (await this.#open(2, deviceSecret)).session
    } catch (error) {
      // A session that could not be resumed is not tried a second time.
      this.#session = undefined
      throw error
    }
  }

  /**
   * Connects and reports again and again. When the server is silent, ends the session or no longer knows the device, it
   * connects again after a pause. Rejects if the first connection fails: then the options are wrong more often than not.
   */
  async run(deviceSecret: string, options: RunOptions): Promise<void> {
    const { intervalMillis, report, reports = Infinity, retry = defaultRetry, signal } = options
    await this.connect(deviceSecret)
    const isStopped = (): boolean => signal?.aborted === true
    let retryMillis = retry.initialMillis
    for (let sent = 0; sent < reports && !isStopped();) {
      try {
        if (this.#link?.isClosed !== false) await this.connect(deviceSecret)
        const { code, payload } = await report(this, sent)
        if (code === Code.Unauthorized) throw new LinkError("peer", "the platform answered 4.01", unauthorizedHint)
        this.#emit({ _tag: "Reported", count: ++sent, code, payload })
        retryMillis = retry.initialMillis
        if (sent < reports) await pause(intervalMillis, signal)
      } catch (error) {
        if (isStopped()) return
        if (!(error instanceof LinkError)) throw error
        this.abandon()
        this.#emit({ _tag: "Retrying", reason: error.message, hint: error.hint, afterMillis: retryMillis })
        await pause(retryMillis, signal)
        retryMillis = Math.min(retry.maxMillis, retryMillis * 2)
      }
    }
  }

  /** Reports measurement points, then fetches and answers what Option 2100 announces. */
  async report(measurepoints: Readonly<Record<string, unknown>>): Promise<ClientResponse> {
    const { deviceKey, productKey } = this.#options
    const method = "thing.measurepoint.post"
    const payload = encodeRequest(String(this.#nextId++), method, { measurepoints, time: Date.now() })
    return this.post(Topics.measurepointPost(productKey, deviceKey), payload)
  }

  /** Reports bytes that only the application understands, then obeys as `report` does. */
  async reportRaw(bytes: Uint8Array): Promise<ClientResponse> {
    const { deviceKey, productKey } = this.#options
    return this.post(`/sys/${productKey}/${deviceKey}/thing/model/up_raw`, bytes)
  }

  /** Posts any payload to an EnOS topic (without `/topic`), and obeys the response. */
  async post(topic: string, payload: Uint8Array): Promise<ClientResponse> {
    const response = await this.#request(postTopic(topic, payload))
    await this.#obey(announcedTopic(response))
    return response
  }

  /** Goes on from another local port; under a connection id the session goes on too. */
  rebind(): void {
    this.#link?.rebind()
  }

  /** Ends the session by close_notify. */
  async close(): Promise<void> {
    const link = this.#link
    this.#link = undefined
    await link?.close()
  }

  /** Stops without a word. */
  abandon(): void {
    this.#link?.abandon()
    this.#link = undefined
  }

  async #open(secureMode: 2 | 3, secret: string): Promise<SecureLink> {
    const { coap, connectionId, deviceKey, host, lifetimeSeconds, port, productKey, resume, suites, timing } =
      this.#options
    const identity = formatIdentity({ productKey, deviceKey, secureMode, lifetimeSeconds: lifetimeSeconds ?? 300 })
    this.#emit({ _tag: "Connecting", identity, secureMode })
    const link = new SecureLink({
      host,
      port,
      identity,
      psk: pskFromSecret(secret),
      connectionId: connectionId ?? true,
      resume: resume === true && secureMode === 2 ? this.#session : undefined,
      onEvent: (event) => this.#emit(event),
      maxFragmentLength: this.#options.maxFragmentLength,
      recordSizeLimit: this.#options.recordSizeLimit,
      ...(suites === undefined ? {} : { suites }),
      ...(timing === undefined ? {} : { timing }),
      ...(coap === undefined ? {} : { coap })
    })
    this.#link = link
    await link.connect()
    return link
  }

  /** GET, execute, POST the reply; again as long as a response announces more (contract §5.6). */
  async #obey(announced: string | undefined): Promise<void> {
    let topic = announced
    for (let count = 0; topic !== undefined && count < commandsPerWakeMax; count++) {
      this.#emit({ _tag: "CommandAnnounced", topic })
      const fetched = await this.#request(getTopic(topic))
      if (codeClass(fetched.code) !== 2) return
      const command = commandOf(topic, fetched.payload)
      this.#emit({ _tag: "CommandReceived", command })
      const answer = (this.#options.onCommand ?? refuseCommand)(command)
      const payload =
        answer instanceof Uint8Array ? answer : encodeReply(command.id, answer.code, answer.data ?? {}, answer.message)
      const replied = await this.#request(postTopic(Topics.reply(topic), payload))
      this.#emit({ _tag: "CommandAnswered", id: command.id, code: replied.code })
      topic = announcedTopic(replied) ?? announcedTopic(fetched)
    }
  }

  #request(request: ClientRequest): Promise<ClientResponse> {
    if (this.#link === undefined) return Promise.reject(new LinkError("local", "not connected", "call connect first"))
    return this.#link.request(request)
  }

  #emit(event: DeviceEvent): void {
    // RFC 5246 §7.2.2: a session that ended by a fatal alert is not resumed.
    if (event._tag === "Closed" && event.by === "peer" && event.reason !== "close_notify") this.#session = undefined
    this.#options.onEvent?.(event)
  }
}

const issuedSecret = (payload: Uint8Array): { readonly assetId: string; readonly deviceSecret: string } => {
  const decoded = decodeRequest(payload)
  const params = Result.isSuccess(decoded) ? (decoded.success.params as Record<string, unknown>) : {}
  const { assetId, deviceSecret } = params
  if (typeof deviceSecret !== "string") {
    throw new LinkError("peer", "the platform's activate/info has no deviceSecret", "this is a fault of the platform")
  }
  return { assetId: typeof assetId === "string" ? assetId : "", deviceSecret }
}

/** Ends early, and without an error, by the signal. */
const pause = (millis: number, signal: AbortSignal | undefined): Promise<void> =>
  sleep(millis, undefined, signal === undefined ? {} : { signal }).catch(() => {})
