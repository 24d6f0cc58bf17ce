import {
  type ClientResponse,
  Code,
  codeClass,
  formatCode,
  type Option,
  OptionNumber,
  stringOption,
  uintOption
} from "@roost/coap"
import type { CipherSuite, RetransmissionTiming, Session } from "@roost/dtls"
import { encodeReply, encodeRequest, EnosCode, formatIdentity, pskFromSecret, Topics } from "@roost/enos"
import type { LinkEvent } from "./LinkEvent.ts"
import { LinkError, SecureLink } from "./SecureLink.ts"

/** A command as the device gets it. `method` and `params` are empty for raw bytes. */
export interface ReceivedCommand {
  readonly topic: string
  readonly id: string
  readonly method: string
  readonly params: unknown
  readonly payload: Uint8Array
}

/** What the device answers: an EnOS code (200 is success) and data, or bytes for a raw command. */
export type CommandAnswer = { readonly code: number; readonly data?: unknown; readonly message?: string } | Uint8Array

export interface DeviceOptions {
  readonly host: string
  readonly port: number
  readonly productKey: string
  readonly deviceKey: string
  readonly lifetimeSeconds?: number
  readonly suites?: ReadonlyArray<CipherSuite>
  readonly connectionId?: boolean
  /** Resume the last session when connecting again. */
  readonly resume?: boolean
  readonly timing?: RetransmissionTiming
  readonly onCommand?: (command: ReceivedCommand) => CommandAnswer
  readonly onEvent?: (event: DeviceEvent) => void
}

/** What a device does, on top of what happens on its link. */
export type DeviceEvent =
  | LinkEvent
  | { readonly _tag: "Connecting"; readonly identity: string; readonly secureMode: 2 | 3 }
  | { readonly _tag: "Activated"; readonly assetId: string }
  | { readonly _tag: "CommandAnnounced"; readonly topic: string }
  | { readonly _tag: "CommandReceived"; readonly command: ReceivedCommand }
  | { readonly _tag: "CommandAnswered"; readonly id: string; readonly code: string }

/** Commands that one announcement leads to at most before the device goes back to its work. */
export const commandsPerWakeMax = 50

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
   * Fetches the device's secret with the product's (contract 4): a handshake with SecureMode 3, one GET, close. Every
   * call makes the platform issue another secret, so keep what it gives.
   */
  async activate(productSecret: string): Promise<{ readonly assetId: string; readonly deviceSecret: string }> {
    const { deviceKey, productKey } = this.#options
    const link = await this.#open(3, productSecret)
    try {
      const response = await link.request(requestOf(Code.Get, Topics.activateInfo(productKey, deviceKey)))
      if (codeClass(response.code) !== 2) {
        throw new LinkError("peer", `the platform answered ${formatCode(response.code)}`, activationHint)
      }
      const { params } = JSON.parse(textOf(response.payload)) as { params: { assetId: string; deviceSecret: string } }
      this.#emit({ _tag: "Activated", assetId: params.assetId })
      return { assetId: params.assetId, deviceSecret: params.deviceSecret }
    } finally {
      await link.close()
    }
  }

  /** Handshakes with the device's own secret; abbreviated if an earlier session may be resumed. */
  async connect(deviceSecret: string): Promise<void> {
    this.#link?.abandon()
    this.#link = await this.#open(2, deviceSecret)
    this.#session = this.#link.session
  }

  /** Reports measurement points, then fetches and answers what Option 2100 announces. */
  async report(measurepoints: Readonly<Record<string, unknown>>): Promise<ClientResponse> {
    const { deviceKey, productKey } = this.#options
    const method = "thing.measurepoint.post"
    const payload = encodeRequest(String(this.#nextId++), method, { measurepoints, time: Date.now() })
    return this.post(Topics.measurepointPost(productKey, deviceKey), payload)
  }

  /** Posts any payload to an EnOS topic (without `/topic`), and obeys the response. */
  async post(topic: string, payload: Uint8Array): Promise<ClientResponse> {
    const response = await this.#request(requestOf(Code.Post, topic, payload))
    await this.#obey(announcedTopic(response))
    return response
  }

  /** Goes on from another local port; under a connection id the session goes on too. */
  rebind(): void {
    this.#link?.rebind()
  }

  async close(): Promise<void> {
    await this.#link?.close()
    this.#link = undefined
  }

  abandon(): void {
    this.#link?.abandon()
    this.#link = undefined
  }

  async #open(secureMode: 2 | 3, secret: string): Promise<SecureLink> {
    const { connectionId, deviceKey, host, lifetimeSeconds, port, productKey, resume, suites, timing } = this.#options
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
      ...(suites === undefined ? {} : { suites }),
      ...(timing === undefined ? {} : { timing })
    })
    await link.connect()
    return link
  }

  /** GET, execute, POST the reply; again as long as a response announces more (contract 3). */
  async #obey(announced: string | undefined): Promise<void> {
    let topic = announced
    for (let count = 0; topic !== undefined && count < commandsPerWakeMax; count++) {
      this.#emit({ _tag: "CommandAnnounced", topic })
      const fetched = await this.#request(requestOf(Code.Get, topic))
      if (codeClass(fetched.code) !== 2) return
      const command = commandOf(topic, fetched.payload)
      this.#emit({ _tag: "CommandReceived", command })
      const answer = this.#options.onCommand?.(command) ?? {
        code: EnosCode.handlerNotRegistered,
        message: "no handler"
      }
      const payload =
        answer instanceof Uint8Array ? answer : encodeReply(command.id, answer.code, answer.data ?? {}, answer.message)
      const replied = await this.#request(requestOf(Code.Post, Topics.reply(topic), payload))
      this.#emit({ _tag: "CommandAnswered", id: command.id, code: formatCode(replied.code) })
      topic = announcedTopic(replied)
    }
  }

  #request(request: ReturnType<typeof requestOf>): Promise<ClientResponse> {
    if (this.#link === undefined) return Promise.reject(new LinkError("local", "not connected", "call connect first"))
    return this.#link.request(request)
  }

  #emit(event: DeviceEvent): void {
    this.#options.onEvent?.(event)
  }
}

/** The EnOS topic that Option 2100 of a response names. */
export const announcedTopic = (response: ClientResponse): string | undefined => {
  const option = response.options.find(({ number }) => number === OptionNumber.PendingCommand)
  const path = option === undefined ? undefined : textOf(option.value)
  return path?.startsWith("/topic/") === true ? path.slice("/topic".length) : undefined
}

const requestOf = (code: number, topic: string, payload: Uint8Array = new Uint8Array(0)) => {
  const path: ReadonlyArray<Option> = `topic${topic}`.split("/").map((part) => stringOption(OptionNumber.UriPath, part))
  const format = payload.length === 0 ? [] : [uintOption(OptionNumber.ContentFormat, payload[0] === 0x7b ? 50 : 42)]
  return { code, confirmable: true, options: [...path, ...format], payload }
}

const commandOf = (topic: string, payload: Uint8Array): ReceivedCommand => {
  if (topic.endsWith("/down_raw")) return { topic, id: "", method: "", params: undefined, payload }
  const { id, method, params } = JSON.parse(textOf(payload)) as { id: string; method: string; params: unknown }
  return { topic, id, method, params, payload }
}

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("utf8")

const activationHint =
  "4.01: dynamic activation is off for the product, or the device was activated before and has to use its own secret"
