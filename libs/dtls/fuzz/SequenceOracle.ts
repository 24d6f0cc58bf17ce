import {
  ContentType,
  type Crypto,
  encodeAlert,
  fatalAlert,
  HandshakeType,
  type Peer,
  readHandshakeFragment,
  readRecord
} from "../src/index.ts"
import type { Server } from "../test/support/Server.ts"

/** The properties of a datagram that a model of the server can know without its keys. */
export interface Sent {
  readonly bytes: Uint8Array
  /** Nothing of it was changed on the way. Earlier datagrams may still have come through whole, in part. */
  readonly intact: boolean
  /** The cookies of the ClientHellos in it, in hexadecimal. */
  readonly cookies: ReadonlyArray<string>
  /** The clients of which it has a Finished that verifies, if the server knows the handshake and the client the key. */
  readonly finishedBy: ReadonlyArray<number>
  /** Of application data: the client's number, and something that it says once. */
  readonly texts: ReadonlyArray<string>
  /** The client of which it has an authenticated alert that ends the session. */
  readonly closedBy: number | undefined
}

export interface ClientFacts {
  /** It has the device's key. */
  readonly knowsKey: boolean
}

/**
 * The permitted answers and acceptances of the server, whatever comes in whatever order (RFC 6347 §4.2, RFC 5246 §7, RFC 9146).
 * It is a model of the facts that are visible outside. It throws where the server does something that none of them allows.
 */
export class SequenceOracle {
  readonly #server: Server
  readonly #clients: ReadonlyArray<ClientFacts>
  /** Cookies that the server gave out, by the address that got them. */
  readonly #issued = new Map<number | string, Set<string>>()
  readonly #proved = new Set<number | string>()
  readonly #finishedSent = new Set<number>()
  readonly #texts = new Set<string>()
  readonly #accepted = new Set<string>()
  /** Clients whose session an authenticated alert has ended. */
  readonly #closed = new Set<number>()
  #finishes = 0
  #established = 0
  #events = 0
  #received = 0

  constructor(server: Server, clients: ReadonlyArray<ClientFacts>) {
    this.#server = server
    this.#clients = clients
  }

  get established(): number {
    return this.#established
  }

  /** Before the server gets it. */
  sent(peer: Peer, datagram: Sent): void {
    for (const text of datagram.texts) this.#texts.add(text)
    const issued = this.#issued.get(peer.key)
    if (datagram.cookies.some((cookie) => issued?.has(cookie) === true)) this.#proved.add(peer.key)
    for (const client of datagram.finishedBy) {
      if (!this.#clients[client]!.knowsKey) continue
      this.#finishedSent.add(client)
      this.#finishes++
    }
  }

  /** After the server got it. */
  answered(peer: Peer, datagram: Sent, replies: ReadonlyArray<Uint8Array>): void {
    const events = this.#server.events.slice(this.#events)
    this.#events = this.#server.events.length
    for (const event of events) {
      if (event._tag === "Established") this.#established++
    }
    if (this.#established > this.#finishes) throw anomaly("a session without a Finished of somebody who knows the key")
    const texts = this.#server.received.slice(this.#received)
    this.#received = this.#server.received.length
    for (const text of texts) this.#accept(text)
    for (const reply of replies) this.#allow(peer, reply, datagram, events.some(isOfSession))
    const bytes = replies.reduce((sum, { length }) => sum + length, 0)
    const isUnproved = !this.#proved.has(peer.key) && !events.some(isOfSession)
    if (isUnproved && bytes > datagram.bytes.length) {
      throw anomaly(`${datagram.bytes.length} bytes of an unproved address are answered with ${bytes}`)
    }
    if (datagram.closedBy !== undefined && datagram.intact && events.some(({ _tag }) => _tag === "Closed")) {
      this.#closed.add(datagram.closedBy)
    }
  }

  #accept(text: string): void {
    if (!this.#texts.has(text)) throw anomaly(`data that nobody sent: ${JSON.stringify(text)}`)
    if (this.#accepted.has(text)) throw anomaly(`data that is accepted twice: ${text}`)
    this.#accepted.add(text)
    const client = Number(text.split(" ")[0])
    if (!this.#clients[client]!.knowsKey) throw anomaly(`data of a client without the key: ${text}`)
    if (!this.#finishedSent.has(client)) throw anomaly(`data before a Finished: ${text}`)
    if (this.#closed.has(client)) throw anomaly(`data of a session that its device had closed: ${text}`)
  }

  #allow(peer: Peer, reply: Uint8Array, { intact }: Sent, ofSession: boolean): void {
    for (let offset = 0; offset < reply.length;) {
      const record = readRecord(reply, offset, cidLengths(reply[offset]!))
      // With a connection id of the client's, of which the model does not know the length.
      if (record === undefined) return this.#allowProtected(ofSession)
      offset = record.next
      if (record.epoch > 0 || record.contentType === ContentType.change_cipher_spec) this.#allowProtected(ofSession)
      else if (record.contentType === ContentType.handshake) this.#allowHandshake(peer, record.fragment)
      // A hello that was changed may offer what nobody can take (RFC 5246 §7.2.2); no honest one does.
      else if (!intact && isRefusalOfHello(record)) continue
      else throw anomaly(`an answer of content type ${record.contentType} in epoch 0`)
    }
  }

  #allowProtected(ofSession: boolean): void {
    if (!ofSession && this.#finishedSent.size === 0) throw anomaly("a protected answer before any Finished")
  }

  #allowHandshake(peer: Peer, fragment: Uint8Array): void {
    const message = readHandshakeFragment(fragment, 0)
    if (message === undefined) throw anomaly("an answer that is no handshake message")
    switch (message.type) {
      case HandshakeType.hello_verify_request: {
        const issued = this.#issued.get(peer.key) ?? new Set()
        issued.add(Buffer.from(message.fragment.subarray(3)).toString("hex"))
        this.#issued.set(peer.key, issued)
        return
      }
      case HandshakeType.server_hello:
      case HandshakeType.server_hello_done:
        if (this.#proved.has(peer.key)) return
        throw anomaly("a ServerHello for an address without a cookie of its own")
      default:
        throw anomaly(`an answer of handshake type ${message.type}`)
    }
  }
}

const anomaly = (what: string): Error => new Error(`anomaly: ${what}`)

/** Something authenticated, which the server may answer. */
const isOfSession = ({ _tag }: { readonly _tag: string }): boolean =>
  _tag === "ApplicationData" || _tag === "Closed" || _tag === "Answer" || _tag === "Established" || _tag === "NeedMore"

const isRefusalOfHello = ({ contentType, fragment }: { readonly contentType: number; readonly fragment: Uint8Array }) =>
  contentType === ContentType.alert && hellosRefusedWith.some((alert) => Buffer.from(fragment).equals(alert))

const hellosRefusedWith = (["protocol_version", "illegal_parameter", "handshake_failure"] as const).map((name) =>
  encodeAlert(fatalAlert(name))
)

const cidLengths = (contentType: number): number => (contentType === ContentType.tls12_cid ? 3 : 0)

/**
 * Seals as `crypto` does. Throws where one key would seal two records with one nonce (RFC 5288 §4, RFC 6655 §3), or one vector
 * of CBC comes twice.
 */
export const watchNonces = (crypto: Crypto): Crypto => {
  const used = new Set<string>()
  const watch = (key: Uint8Array, nonce: Uint8Array): void => {
    const pair = `${Buffer.from(key).toString("hex")} ${Buffer.from(nonce).toString("hex")}`
    if (used.has(pair)) throw anomaly("a nonce that is used twice")
    used.add(pair)
  }
  const ccm8Seal: Crypto["ccm8Seal"] = (key, nonce, ...rest) => {
    watch(key, nonce)
    crypto.ccm8Seal(key, nonce, ...rest)
  }
  const cbcEncrypt: Crypto["cbcEncrypt"] = (key, iv, ...rest) => {
    watch(key, iv)
    crypto.cbcEncrypt(key, iv, ...rest)
  }
  return Object.create(crypto, { ccm8Seal: { value: ccm8Seal }, cbcEncrypt: { value: cbcEncrypt } }) as Crypto
}
