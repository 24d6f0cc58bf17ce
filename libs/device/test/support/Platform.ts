import { Code, decode, encode, OptionNumber, stringOption } from "@roost/coap"
import { ContentType, CookieSecrets, FrontHalf, PendingHandshake, peekRecord, Session, SessionIds } from "@roost/dtls"
import { nodeCrypto as crypto } from "@roost/dtls-crypto"
import * as Result from "effect/Result"
import { createSocket, type RemoteInfo } from "node:dgram"
import { once } from "node:events"

export interface PlatformRequest {
  readonly identity: string
  readonly port: number
  readonly method: "GET" | "POST"
  readonly path: string
  readonly payload: Uint8Array
}

export interface PlatformAnswer {
  readonly code?: number
  readonly payload?: string | Uint8Array
  /** Option 2100. */
  readonly announce?: string
}

interface Contact {
  readonly identity: string
  readonly session: Session
  /** Where its last record came from. */
  port: number
}

/**
 * The least that a device can talk to, on a port of 127.0.0.1: full handshakes, one piggybacked response per CON. It does
 * what a test says, also what a platform should not.
 */
export class Platform implements AsyncDisposable {
  readonly requests: Array<PlatformRequest> = []
  readonly identities: Array<string> = []
  closeNotifies = 0
  /** Nothing is heard and nothing is said. */
  deaf = false
  pskOf: (identity: string) => Uint8Array | undefined
  answer: (request: PlatformRequest) => PlatformAnswer | undefined = () => ({})
  readonly #socket = createSocket("udp4")
  readonly #front: FrontHalf
  readonly #pending = new Map<number, PendingHandshake>()
  readonly #contacts = new Set<Contact>()

  private constructor(pskOf: (identity: string) => Uint8Array | undefined) {
    this.pskOf = pskOf
    const key = crypto.randomBytes(32)
    this.#front = new FrontHalf({ crypto, cookieSecrets: new CookieSecrets(key), sessionIds: new SessionIds(key) })
    this.#socket.on("message", (datagram, from) => {
      if (!this.deaf)
        for (const reply of this.#receive(datagram, from)) this.#socket.send(reply, from.port, from.address)
    })
  }

  static async start(pskOf: (identity: string) => Uint8Array | undefined): Promise<Platform> {
    const platform = new Platform(pskOf)
    platform.#socket.bind(0, "127.0.0.1")
    await once(platform.#socket, "listening")
    return platform
  }

  get port(): number {
    return this.#socket.address().port
  }

  /** Ends every session by close_notify. */
  closeAll(): void {
    for (const { session, port } of this.#contacts) {
      this.#socket.send(Result.getOrThrow(session.closeNotify(crypto)), port, "127.0.0.1")
    }
    this.#contacts.clear()
  }

  /** Loses every session, as a server whose disk is gone. */
  forgetAll(): void {
    this.#contacts.clear()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#socket, "close")
    this.#socket.close()
    await closed
  }

  #receive(datagram: Uint8Array, from: RemoteInfo): ReadonlyArray<Uint8Array> {
    const peek = peekRecord(datagram)
    const isHandshake =
      peek?.contentType === ContentType.handshake || peek?.contentType === ContentType.change_cipher_spec
    if (!isHandshake) return [...this.#contacts].flatMap((contact) => this.#open(contact, datagram, from))
    const peer = { key: String(from.port), address: new TextEncoder().encode(String(from.port)) }
    const outcome = this.#front.handleDatagram(Date.now(), peer, datagram)
    switch (outcome._tag) {
      case "Reply":
        return outcome.datagrams
      case "Resume":
        this.#front.resumeMissed(Date.now(), peer)
        return []
      case "HandOff": {
        const pending = Result.getOrThrow(PendingHandshake.fromHalf(outcome.half))
        const identity = new TextDecoder().decode(pending.identity)
        this.identities.push(identity)
        this.#pending.set(from.port, pending)
        const psk = this.pskOf(identity) ?? crypto.randomBytes(16)
        return this.#settle(from, pending, pending.providePsk(crypto, psk))
      }
      case "Forward": {
        const pending = this.#pending.get(from.port)
        return pending === undefined
          ? []
          : this.#settle(from, pending, pending.handleDatagram(crypto, Date.now(), datagram))
      }
      default:
        return []
    }
  }

  #settle(
    { port }: RemoteInfo,
    pending: PendingHandshake,
    outcome: ReturnType<PendingHandshake["providePsk"]>
  ): ReadonlyArray<Uint8Array> {
    if (outcome._tag !== "Established") return []
    this.#pending.delete(port)
    this.#contacts.add({ identity: new TextDecoder().decode(pending.identity), session: outcome.session, port })
    return outcome.reply
  }

  #open(contact: Contact, datagram: Uint8Array, { port }: RemoteInfo): ReadonlyArray<Uint8Array> {
    const opened = contact.session.open(crypto, datagram, 0)
    if (opened._tag === "Closed") {
      this.closeNotifies++
      this.#contacts.delete(contact)
    }
    if (opened._tag !== "ApplicationData") return []
    contact.port = port
    const request = Result.getOrThrow(decode(opened.plaintext))
    if (request.type !== "CON") return []
    const path = request.options.filter(({ number }) => number === OptionNumber.UriPath)
    const asked: PlatformRequest = {
      identity: contact.identity,
      port,
      method: request.code === Code.Get ? "GET" : "POST",
      path: path.map(({ value }) => `/${new TextDecoder().decode(value)}`).join(""),
      payload: request.payload.slice()
    }
    this.requests.push(asked)
    const answer = this.answer(asked)
    if (answer === undefined) return []
    const { announce, code = Code.Changed, payload = "" } = answer
    const message = encode({
      type: "ACK",
      code,
      messageId: request.messageId,
      token: request.token,
      options: announce === undefined ? [] : [stringOption(OptionNumber.PendingCommand, announce)],
      payload: typeof payload === "string" ? new TextEncoder().encode(payload) : payload
    })
    return [Result.getOrThrow(contact.session.seal(crypto, ContentType.application_data, message))]
  }
}
