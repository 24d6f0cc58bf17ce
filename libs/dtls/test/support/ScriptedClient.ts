import { nodeCrypto as crypto } from "@roost/dtls-crypto"
import * as Result from "effect/Result"
import {
  agreementOf,
  type ClientHello,
  classicMasterSecret,
  ContentType,
  changeCipherSpec,
  decodeHelloVerifyRequest,
  decodeServerHello,
  deriveKeyBlock,
  encodeClientHello,
  encodeClientKeyExchange,
  encodeHandshake,
  encodePlaintextRecord,
  extendedMasterSecret,
  type HandshakeMessage,
  HandshakeType,
  type HelloExtensions,
  isCipherSuite,
  noExtensions,
  openRecord,
  pskPremasterSecret,
  readHandshakeFragment,
  readRecord,
  Reassembly,
  type ServerHello,
  Session,
  sessionEpoch,
  TLS_PSK_WITH_AES_128_CCM_8,
  Transcript,
  verifyData
} from "../../src/index.ts"
import { concatBytes } from "../../src/internal/bytes.ts"

export interface ScriptedClientOptions {
  readonly psk?: Uint8Array
  readonly identity?: string | Uint8Array
  readonly cipherSuites?: ReadonlyArray<number>
  readonly extensions?: Partial<HelloExtensions>
  readonly version?: number
  /** To resume. */
  readonly session?: Session
}

export const defaultPsk = new Uint8Array(16).fill(0x42)
export const defaultIdentity = "MuGsF6W4,15bBZlRknc,2,3600"

/**
 * A client that does nothing by itself. Each method makes one piece of a handshake, so that a test can leave out, repeat,
 * reorder and spoil them.
 */
export class ScriptedClient {
  readonly options: ScriptedClientOptions
  readonly random = crypto.randomBytes(32)
  cookie: Uint8Array = new Uint8Array(0)
  /** Record sequence number of epoch 0. */
  sequence = 0
  helloSeq = 0
  serverHello: ServerHello | undefined
  session: Session | undefined
  /** Largest content of a record from the server. */
  largestRecord = 0
  readonly #transcript = new Transcript()
  #ownFinishedCounted = false
  #helloMessage: HandshakeMessage | undefined
  #clientVerifyData: Uint8Array = new Uint8Array(0)

  constructor(options: ScriptedClientOptions = {}) {
    this.options = options
  }

  get clientHello(): ClientHello {
    const { session } = this.options
    return {
      version: this.options.version ?? 0xfefd,
      random: this.random,
      sessionId: session?.sessionId ?? new Uint8Array(0),
      cookie: this.cookie,
      cipherSuites: this.options.cipherSuites ?? [TLS_PSK_WITH_AES_128_CCM_8],
      compressionMethods: Uint8Array.of(0),
      extensions: { ...noExtensions, extendedMasterSecret: true, ...this.options.extensions }
    }
  }

  hello(): Uint8Array {
    const body = this.helloBody()
    this.#helloMessage = { type: HandshakeType.client_hello, messageSeq: this.helloSeq, body }
    return this.plaintext(encodeHandshake(HandshakeType.client_hello, this.helloSeq, body))
  }

  helloBody(): Uint8Array {
    return encodeClientHello(this.clientHello)
  }

  /** After it, `hello` has the cookie. */
  takeHelloVerifyRequest(datagram: Uint8Array): void {
    const fragment = readHandshakeFragment(readRecord(datagram, 0, 0)!.fragment, 0)!
    if (fragment.type !== HandshakeType.hello_verify_request) throw new Error(`expected a HelloVerifyRequest`)
    this.cookie = Result.getOrThrow(decodeHelloVerifyRequest(fragment.fragment)).cookie
    this.helloSeq = fragment.messageSeq + 1
  }

  /** ServerHello and ServerHelloDone, in fragments or not. */
  takeServerFlight(datagrams: ReadonlyArray<Uint8Array>): void {
    const messages = this.#messagesOf(datagrams)
    if (messages[1]?.type !== HandshakeType.server_hello_done) throw new Error("expected ServerHelloDone")
    this.#takeServerHello(messages[0]!)
    this.#transcript.append(this.#helloMessage!)
    this.#transcript.append(messages[0]!)
    this.#transcript.append(messages[1])
  }

  /** The record of ClientKeyExchange; the first one also derives the keys. */
  keyExchange(): Uint8Array {
    const message = this.keyExchangeMessage()
    if (this.session === undefined) {
      this.#transcript.append(message)
      this.#deriveKeys()
    }
    return this.plaintext(encodeHandshake(message.type, message.messageSeq, message.body))
  }

  keyExchangeMessage(): HandshakeMessage {
    const { identity = defaultIdentity } = this.options
    const pskIdentity = typeof identity === "string" ? new TextEncoder().encode(identity) : identity
    const body = encodeClientKeyExchange({ pskIdentity })
    return { type: HandshakeType.client_key_exchange, messageSeq: this.helloSeq + 1, body }
  }

  changeCipherSpec(): Uint8Array {
    return encodePlaintextRecord(ContentType.change_cipher_spec, this.sequence++, changeCipherSpec)
  }

  finishedMessage(data = this.#clientVerifyData): Uint8Array {
    const messageSeq = this.options.session === undefined ? this.helloSeq + 2 : this.helloSeq + 1
    return encodeHandshake(HandshakeType.finished, messageSeq, data)
  }

  finished(data = this.#clientVerifyData): Uint8Array {
    return this.seal(ContentType.handshake, this.finishedMessage(data))
  }

  /** Throws unless the server's ChangeCipherSpec and Finished are there and verify. */
  takeServerFinished(datagrams: ReadonlyArray<Uint8Array>): void {
    const session = this.session!
    const whole = concatBytes(datagrams)
    const change = readRecord(whole, 0, session.readCidLength)!
    if (change.contentType !== ContentType.change_cipher_spec) throw new Error("expected ChangeCipherSpec")
    const messageSeq = this.helloSeq + 2
    if (!this.#ownFinishedCounted) {
      this.#transcript.append({ type: HandshakeType.finished, messageSeq, body: this.#clientVerifyData })
      this.#ownFinishedCounted = true
    }
    this.#verifyServerFinished(readRecord(whole, change.next, session.readCidLength)!)
  }

  /** ServerHello, ChangeCipherSpec, Finished of an abbreviated handshake (RFC 5246 §7.3). */
  takeResumption(datagrams: ReadonlyArray<Uint8Array>): void {
    const resumed = this.options.session!
    const whole = concatBytes(datagrams)
    let changeAt = 0
    while (readRecord(whole, changeAt, 0)!.contentType === ContentType.handshake) {
      changeAt = readRecord(whole, changeAt, 0)!.next
    }
    const message = this.#messagesOf([whole.subarray(0, changeAt)])[0]!
    this.#takeServerHello(message)
    const server = this.serverHello!
    if (Buffer.compare(server.sessionId, resumed.sessionId) !== 0) throw new Error("expected the session's own id")
    this.#transcript.append(this.#helloMessage!)
    this.#transcript.append(message)
    this.#useMasterSecret(resumed.masterSecret)
    const change = readRecord(whole, changeAt, 0)!
    const finished = readRecord(whole, change.next, this.session!.readCidLength)!
    const body = this.#verifyServerFinished(finished)
    this.#transcript.append({ type: HandshakeType.finished, messageSeq: message.messageSeq + 1, body })
    this.#clientVerifyData = verifyData(crypto, "client", resumed.masterSecret, this.#transcript.hash(crypto))
  }

  plaintext(content: Uint8Array, contentType: number = ContentType.handshake): Uint8Array {
    return encodePlaintextRecord(contentType, this.sequence++, content)
  }

  seal(contentType: number, plaintext: Uint8Array): Uint8Array {
    return Result.getOrThrow(this.session!.seal(crypto, contentType, plaintext))
  }

  data(text: string): Uint8Array {
    return this.seal(ContentType.application_data, new TextEncoder().encode(text))
  }

  #takeServerHello(message: HandshakeMessage): void {
    if (message.type !== HandshakeType.server_hello) throw new Error("expected a ServerHello")
    this.serverHello = Result.getOrThrow(decodeServerHello(message.body))
  }

  #deriveKeys(): void {
    const premaster = pskPremasterSecret(this.options.psk ?? defaultPsk)
    const hash = this.#transcript.hash(crypto)
    const server = this.serverHello!
    const master = server.extensions.extendedMasterSecret
      ? extendedMasterSecret(crypto, premaster, hash)
      : classicMasterSecret(crypto, premaster, this.random, server.random)
    this.#useMasterSecret(master)
    this.#clientVerifyData = verifyData(crypto, "client", master, hash)
  }

  #useMasterSecret(master: Uint8Array): void {
    const server = this.serverHello!
    if (!isCipherSuite(server.cipherSuite)) throw new Error("unknown suite")
    const agreement = agreementOf(this.clientHello, server, server.cipherSuite)
    const keys = deriveKeyBlock(crypto, agreement.suite, master, this.random, server.random)
    this.session = Session.of("client", agreement, keys, master, server.sessionId)
  }

  #verifyServerFinished(record: ReturnType<typeof readRecord>): Uint8Array {
    const session = this.session!
    if (record?.epoch !== sessionEpoch) throw new Error("expected a protected record")
    const plaintext = openRecord(crypto, session.readKeys, record)
    if (plaintext === undefined) throw new Error("the server's Finished does not open")
    const body = readHandshakeFragment(plaintext.fragment, 0)!.fragment
    const expected = verifyData(crypto, "server", session.masterSecret, this.#transcript.hash(crypto))
    if (Buffer.compare(body, expected) !== 0) throw new Error("the server's Finished does not verify")
    return body
  }

  #messagesOf(datagrams: ReadonlyArray<Uint8Array>): Array<HandshakeMessage> {
    const reassembly = new Reassembly({ messageBytesMax: 1024, messagesAheadMax: 4 }, this.helloSeq)
    for (const datagram of datagrams) {
      for (let offset = 0; offset < datagram.length;) {
        const record = readRecord(datagram, offset, 0)!
        this.largestRecord = Math.max(this.largestRecord, record.fragment.length)
        reassembly.add(readHandshakeFragment(record.fragment, 0)!)
        offset = record.next
      }
    }
    const messages: Array<HandshakeMessage> = []
    for (let message = reassembly.take(); message !== undefined; message = reassembly.take()) messages.push(message)
    return messages
  }
}
