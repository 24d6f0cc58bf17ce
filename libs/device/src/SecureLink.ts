import {
  ClientExchanges,
  type ClientOutputs,
  type ClientRequest,
  type ClientResponse,
  type ClientSettings,
  defaultClientSettings
} from "@roost/coap"
import { type CipherSuite, Client, type ClientOutput, type RetransmissionTiming, type Session } from "@roost/dtls"
import { dtlsCrypto } from "@roost/dtls-crypto"
import * as Result from "effect/Result"
import { createSocket, type Socket } from "node:dgram"
import { LinkError, silentServerHint, silentSessionHint, unknownHostHint, unreachableHint } from "./LinkError.ts"
import type { LinkEvent } from "./LinkEvent.ts"

export interface SecureLinkOptions {
  readonly host: string
  readonly port: number
  /** Text of the PSK identity. */
  readonly identity: string
  readonly psk: Uint8Array
  readonly suites?: ReadonlyArray<CipherSuite>
  /** Offer a connection id (RFC 9146); ours is empty, as a device with one socket needs none. */
  readonly connectionId: boolean
  readonly resume?: Session | undefined
  /** Largest record that we read, in bytes: 512, 1024, 2048 or 4096 (RFC 6066 §4). */
  readonly maxFragmentLength?: number | undefined
  /** Likewise, 64 at least (RFC 8449). */
  readonly recordSizeLimit?: number | undefined
  /** Of the handshake's flights. */
  readonly timing?: RetransmissionTiming
  /** Of CoAP messages. */
  readonly coap?: ClientSettings
  readonly onEvent?: (event: LinkEvent) => void
}

interface Waiting {
  readonly resolve: (response: ClientResponse) => void
  readonly reject: (error: LinkError) => void
}

/**
 * One UDP socket, one DTLS session, CoAP requests over it: what a device's modem and stack do. A single timer serves
 * both layers, armed to the nearer of their deadlines.
 */
export class SecureLink {
  readonly #options: SecureLinkOptions
  readonly #client: Client
  readonly #exchanges: ClientExchanges
  readonly #waiting = new Map<number, Waiting>()
  #socket: Socket
  #timer: NodeJS.Timeout | undefined
  #connected: { readonly resolve: (session: Session) => void; readonly reject: (error: LinkError) => void } | undefined
  #closed: LinkError | undefined
  #lastMessageId: number | undefined
  #heard = false

  constructor(options: SecureLinkOptions) {
    this.#options = options
    this.#exchanges = new ClientExchanges(options.coap ?? defaultClientSettings, Math.random)
    this.#client = new Client({
      crypto: dtlsCrypto,
      identity: new TextEncoder().encode(options.identity),
      psk: options.psk,
      maxFragmentLength: options.maxFragmentLength,
      recordSizeLimit: options.recordSizeLimit,
      connectionId: options.connectionId ? new Uint8Array(0) : undefined,
      ...(options.suites === undefined ? {} : { suites: options.suites }),
      ...(options.timing === undefined ? {} : { timing: options.timing }),
      ...(options.resume === undefined ? {} : { resume: options.resume })
    })
    this.#socket = this.#openSocket()
  }

  /** The established session; may be kept for a resumption. */
  get session(): Session | undefined {
    return this.#client.session
  }

  get isClosed(): boolean {
    return this.#closed !== undefined
  }

  /** Rejects with `LinkError`. */
  connect(): Promise<Session> {
    return new Promise((resolve, reject) => {
      this.#connected = { resolve, reject }
      this.#carryOut(this.#client.start(Date.now()))
      this.#arm()
    })
  }

  /** Sends a request and waits for its response; rejects with `LinkError` when none comes. */
  request(request: ClientRequest): Promise<ClientResponse> {
    if (this.#closed !== undefined) return Promise.reject(this.#closed)
    return new Promise((resolve, reject) => {
      const { exchange, outputs } = this.#exchanges.request(Date.now(), request)
      this.#waiting.set(exchange, { resolve, reject })
      this.#carryOutMessages(outputs)
      this.#arm()
    })
  }

  /** Goes on from another local port, as behind a NAT that forgot the flow. */
  rebind(): void {
    if (this.#closed !== undefined) return
    const previous = this.#socket
    this.#socket = this.#openSocket()
    previous.close()
  }

  /** Ends the session by close_notify, and resolves when that is on its way. */
  async close(): Promise<void> {
    this.#carryOut(this.#client.close())
    await new Promise<void>((resolve) => setImmediate(resolve))
  }

  /** Stops without a word, as a device that loses power. */
  abandon(): void {
    this.#end(new LinkError("local", "the link was abandoned", "connect anew"))
  }

  #openSocket(): Socket {
    const { host, port } = this.#options
    const socket = createSocket(host.includes(":") ? "udp6" : "udp4")
    socket.on("message", (datagram) => {
      this.#heard = true
      this.#emit({ _tag: "Received", datagram })
      this.#carryOut(this.#client.handleDatagram(Date.now(), datagram))
      this.#arm()
    })
    socket.on("error", (error: NodeJS.ErrnoException) => {
      this.#emit({ _tag: "NetworkTrouble", reason: error.message })
      // Of ICMP errors the retransmission timers decide when to give up; without an address there is nothing to wait for.
      if (error.syscall?.startsWith("getaddrinfo") === true) {
        this.#end(new LinkError("local", error.message, unknownHostHint))
      }
    })
    socket.connect(port, host)
    return socket
  }

  #carryOut(outputs: ReadonlyArray<ClientOutput>): void {
    for (const output of outputs) {
      switch (output._tag) {
        case "Transmit":
          this.#transmit(output.datagram, output.flight, output.transmission)
          break
        case "Connected":
          this.#exchanges.messageBytesMax = output.session.writeBytesMax
          this.#emit({ _tag: "Connected", session: output.session, resumed: output.resumed })
          this.#connected?.resolve(output.session)
          this.#connected = undefined
          break
        case "Data":
          this.#emit({ _tag: "MessageReceived", bytes: output.plaintext })
          this.#carryOutMessages(this.#exchanges.handleMessage(Date.now(), output.plaintext))
          break
        case "Closed":
          this.#end(new LinkError(output.by, output.reason, this.#hintOf(output.by)))
          break
      }
    }
  }

  #carryOutMessages(outputs: ClientOutputs): void {
    for (const output of outputs) {
      switch (output._tag) {
        case "Transmit": {
          this.#emit({ _tag: "MessageSent", bytes: output.bytes, again: this.#isRepeated(output.bytes) })
          const record = this.#client.send(output.bytes)
          if (Result.isSuccess(record)) this.#transmit(record.success, "application data", 1)
          break
        }
        case "Response":
          this.#takeWaiting(output.exchange)?.resolve(output.response)
          break
        case "Failed":
          this.#takeWaiting(output.exchange)?.reject(
            new LinkError("timeout", `no response: ${output.reason}`, silentSessionHint)
          )
          break
        case "Ignored":
          break
      }
    }
  }

  #takeWaiting(exchange: number): Waiting | undefined {
    const waiting = this.#waiting.get(exchange)
    this.#waiting.delete(exchange)
    return waiting
  }

  /** One exchange at a time, so a request with the id of the one before it is that one again. */
  #isRepeated(message: Uint8Array): boolean {
    const isEmpty = message[1] === 0
    if (isEmpty) return false
    const messageId = (message[2]! << 8) | message[3]!
    const again = messageId === this.#lastMessageId
    this.#lastMessageId = messageId
    return again
  }

  #transmit(datagram: Uint8Array, flight: string, transmission: number): void {
    this.#emit({ _tag: "Sent", datagram, flight, transmission })
    const socket = this.#socket
    const send = () => socket.send(datagram)
    // A socket that still connects queues nothing by itself.
    try {
      socket.remoteAddress()
      send()
    } catch {
      socket.once("connect", send)
    }
  }

  #end(error: LinkError): void {
    if (this.#closed !== undefined) return
    this.#closed = error
    clearTimeout(this.#timer)
    const socket = this.#socket
    // After what was sent in this turn, such as close_notify.
    setImmediate(() => socket.close())
    this.#emit({ _tag: "Closed", by: error.by, reason: error.message })
    this.#connected?.reject(error)
    this.#connected = undefined
    for (const waiting of this.#waiting.values()) waiting.reject(error)
    this.#waiting.clear()
  }

  #arm(): void {
    clearTimeout(this.#timer)
    const deadline = Math.min(this.#client.deadline ?? Infinity, this.#exchanges.deadline ?? Infinity)
    if (deadline === Infinity || this.#closed !== undefined) return
    this.#timer = setTimeout(
      () => {
        this.#carryOut(this.#client.handleTimeout(Date.now()))
        this.#carryOutMessages(this.#exchanges.handleTimeout(Date.now()))
        this.#arm()
      },
      Math.max(1, deadline - Date.now())
    )
  }

  #hintOf(by: "peer" | "local" | "timeout"): string {
    if (by === "timeout") return this.#heard ? silentServerHint : unreachableHint
    return by === "peer" ? "the server ended the session; connect anew" : "connect anew"
  }

  #emit(event: LinkEvent): void {
    this.#options.onEvent?.(event)
  }
}
