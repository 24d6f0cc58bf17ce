import {
  ClientExchanges,
  type ClientOutputs,
  type ClientRequest,
  type ClientResponse,
  Code,
  codeClass,
  defaultClientSettings,
  formatCode
} from "@roost/coap"
import { parsePeerAddress, type PeerAddress } from "@roost/contracts"
import { announcedTopic, getTopic, postTopic } from "@roost/device"
import { Client, type ClientOutput, type Session } from "@roost/dtls"
import { decodeRequest, encodeReply, encodeRequest, EnosCode, formatIdentity, pskFromSecret, Topics } from "@roost/enos"
import * as Result from "effect/Result"
import type { Exchange, HandshakeAttempt } from "./Recording.ts"
import { epochMillis, productKey, secretOf, type Surroundings } from "./Surroundings.ts"

export interface DeviceOptions {
  readonly deviceKey: string
  /** With one it goes on from another port at times, and by another edge. */
  readonly connectionId: boolean
  readonly lifetimeSeconds: number
  /** From an answer to the next request, give or take half. */
  readonly thinkMillis: number
  /** After every so many uplinks it is silent for longer than its Lifetime; 0 for never. */
  readonly sleepsAfter: number
  readonly port: number
  readonly edges: number
}

const retryMillis = 1_000
const moveShare = 0.1
const resumeShare = 0.5
const silenceMarginMillis = 17_000
/** Ports that one device may come to. */
export const portsPerDevice = 1_000

/**
 * A device that posts in a closed loop and obeys Option 2100, by the same protocol client as `npm run device`. It handshakes anew only
 * where a request was given up or refused with 4.01, or the server ended the session.
 */
export class SimulatedDevice {
  readonly options: DeviceOptions
  peer: PeerAddress
  /** Number of the edge that its datagrams go to. */
  edge: number
  posted = 0
  readonly #around: Surroundings
  readonly #transmit: (device: SimulatedDevice, datagram: Uint8Array) => void
  #client: Client
  #exchanges: ClientExchanges
  #former: Session | undefined
  #attempt: HandshakeAttempt | undefined
  #exchange: Exchange | undefined
  #heard: ((response: ClientResponse) => void) | undefined
  #sessionAt = 0
  #timerAt = Infinity
  #moves = 0
  #stopped = false

  /** `transmit`: a datagram into the network. */
  constructor(
    around: Surroundings,
    options: DeviceOptions,
    transmit: (device: SimulatedDevice, datagram: Uint8Array) => void
  ) {
    this.options = options
    this.#around = around
    this.#transmit = transmit
    this.peer = this.#address()
    this.edge = options.port % options.edges
    this.#client = this.#newClient()
    this.#exchanges = new ClientExchanges(defaultClientSettings, around.random)
  }

  connect(): void {
    const { now, recording } = this.#around
    this.#client = this.#newClient()
    this.#exchanges = new ClientExchanges(defaultClientSettings, this.#around.random)
    this.#attempt = { device: this.options.deviceKey, at: now(), endedAt: undefined, completed: false }
    recording.attempts.push(this.#attempt)
    this.#note("connects", () => "")
    this.#carryOut(this.#client.start(now()))
    this.#arm()
  }

  /** It was switched off and on: whatever was under way is forgotten, and it shakes hands, unless it does so already. */
  restart(): void {
    if (this.#stopped || this.#attempt?.completed !== true) return
    if (this.#exchange !== undefined) this.#exchange.endedAt ??= this.#around.now()
    this.#exchange = undefined
    this.#heard = undefined
    this.connect()
  }

  /** It posts nothing more; what is under way goes on. */
  stop(): void {
    this.#stopped = true
  }

  receive(datagram: Uint8Array): void {
    this.#carryOut(this.#client.handleDatagram(this.#around.now(), datagram))
    this.#arm()
  }

  #newClient(): Client {
    const { crypto, random } = this.#around
    const { connectionId, deviceKey, lifetimeSeconds } = this.options
    const resume = this.#former !== undefined && random() < resumeShare ? { resume: this.#former } : {}
    return new Client({
      crypto,
      identity: utf8.encode(formatIdentity({ productKey, deviceKey, secureMode: 2, lifetimeSeconds })),
      psk: pskFromSecret(secretOf(deviceKey)),
      connectionId: connectionId ? new Uint8Array(0) : undefined,
      ...resume
    })
  }

  #address(): PeerAddress {
    return parsePeerAddress("192.0.2.1", this.options.port + (this.#moves % portsPerDevice))!
  }

  #post(): void {
    const { now, random } = this.#around
    if (this.#stopped) return
    if (this.options.connectionId && random() < moveShare) {
      this.#moves++
      this.peer = this.#address()
      this.edge = Math.floor(random() * this.options.edges)
    }
    const { deviceKey } = this.options
    const id = `${deviceKey}-${this.posted++}`
    const payload = encodeRequest(id, "thing.measurepoint.post", { measurepoints: { temp: 21.5 }, time: now() })
    this.#request("uplink", id, postTopic(Topics.measurepointPost(productKey, deviceKey), payload), (response) =>
      this.#obey(announcedTopic(response))
    )
  }

  /** One command: fetched, carried out, answered; then the next one, or a pause. */
  #obey(topic: string | undefined): void {
    if (topic === undefined) return this.#rest()
    this.#request("fetch", topic, getTopic(topic), (fetched) => {
      const command = codeClass(fetched.code) === 2 ? decodeRequest(fetched.payload) : undefined
      if (command === undefined || Result.isFailure(command)) return this.#rest()
      const id = String(command.success.id)
      const reply = postTopic(Topics.reply(topic), encodeReply(id, EnosCode.success, {}))
      this.#request("reply", id, reply, (replied) => this.#obey(announcedTopic(replied) ?? announcedTopic(fetched)))
    })
  }

  #rest(): void {
    const { lifetimeSeconds, sleepsAfter, thinkMillis } = this.options
    const sleeps = sleepsAfter > 0 && this.posted % sleepsAfter === 0
    const millis = sleeps ? lifetimeSeconds * 1000 + silenceMarginMillis : thinkMillis * (0.5 + this.#around.random())
    this.#postIn(millis)
  }

  #postIn(millis: number): void {
    const client = this.#client
    this.#around.plan(millis, () => {
      if (this.#client === client) this.#post()
    })
  }

  #request(
    kind: Exchange["kind"],
    id: string,
    request: ClientRequest,
    heard: (response: ClientResponse) => void
  ): void {
    const { now, recording } = this.#around
    const device = this.options.deviceKey
    const exchange = { device, kind, id, sessionAt: this.#sessionAt, sentAt: [], endedAt: undefined, code: "" }
    this.#exchange = exchange
    recording.exchanges.push(exchange)
    this.#heard = heard
    this.#carryOutMessages(this.#exchanges.request(now(), request).outputs)
    this.#arm()
  }

  #carryOut(outputs: ReadonlyArray<ClientOutput>): void {
    for (const output of outputs) {
      switch (output._tag) {
        case "Transmit":
          this.#send(output.datagram)
          break
        case "Connected":
          this.#connected(output.session, output.resumed)
          break
        case "Data":
          this.#carryOutMessages(this.#exchanges.handleMessage(this.#around.now(), output.plaintext))
          break
        case "Closed":
          this.#lost(`${output.by}: ${output.reason}`)
          break
      }
    }
  }

  #carryOutMessages(outputs: ClientOutputs): void {
    for (const output of outputs) {
      if (output._tag === "Transmit") {
        const record = this.#client.send(output.bytes)
        // An empty message acknowledges something, and awaits nothing.
        if (output.bytes[1] !== Code.Empty) this.#exchange?.sentAt.push(this.#around.now())
        if (Result.isSuccess(record)) this.#send(record.success)
      } else if (output._tag === "Response") this.#answered(output.response)
      else if (output._tag === "Failed") this.#lost(output.reason)
    }
  }

  #connected(session: Session, resumed: boolean): void {
    const now = this.#around.now()
    Object.assign(this.#attempt!, { endedAt: now, completed: true })
    this.#note("connected", () => (resumed ? "by resumption" : ""))
    this.#former = session
    this.#sessionAt = now
    this.#exchanges.messageBytesMax = session.writeBytesMax
    this.#postIn(this.options.thinkMillis * this.#around.random())
  }

  #answered(response: ClientResponse): void {
    const exchange = this.#exchange!
    const heard = this.#heard!
    exchange.endedAt = this.#around.now()
    exchange.code = formatCode(response.code)
    this.#exchange = undefined
    this.#heard = undefined
    this.#note("answer", () => `${exchange.kind} ${exchange.id} ${exchange.code}, sent ${exchange.sentAt.length} times`)
    if (response.code === Code.Unauthorized) this.#lost("4.01")
    else if (codeClass(response.code) === 2) heard(response)
    else this.#rest()
  }

  /** The session, or the handshake, came to nothing. */
  #lost(reason: string): void {
    const { now, plan } = this.#around
    this.#note("lost", () => reason)
    if (this.#exchange !== undefined) this.#exchange.endedAt ??= now()
    if (this.#attempt?.completed === false) this.#attempt.endedAt = now()
    this.#exchange = undefined
    this.#heard = undefined
    const client = this.#client
    plan(retryMillis, () => {
      if (this.#client === client && !this.#stopped) this.connect()
    })
  }

  #send(datagram: Uint8Array): void {
    this.#transmit(this, datagram)
  }

  #arm(): void {
    const { now, plan } = this.#around
    const deadline = Math.min(this.#client.deadline ?? Infinity, this.#exchanges.deadline ?? Infinity)
    if (deadline >= this.#timerAt) return
    this.#timerAt = deadline
    plan(Math.max(1, deadline - now()), () => {
      if (this.#timerAt !== deadline) return
      this.#timerAt = Infinity
      this.#carryOut(this.#client.handleTimeout(now()))
      this.#carryOutMessages(this.#exchanges.handleTimeout(now()))
      this.#arm()
    })
  }

  #note(kind: string, line: () => string): void {
    this.#around.trace.note(this.#around.now() - epochMillis, kind, () => `${this.options.deviceKey} ${line()}`)
  }
}

const utf8 = new TextEncoder()
