import {
  ClientExchanges,
  type ClientOutputs,
  type ClientRequest,
  type ClientResponse,
  defaultClientSettings
} from "@roost/coap"
import { type CipherSuite, Client, type ClientOutput, type RetransmissionTiming, type Session } from "@roost/dtls"
import { nodeCrypto } from "@roost/dtls-crypto"
import * as Result from "effect/Result"
import { createSocket, type Socket } from "node:dgram"
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
  readonly timing?: RetransmissionTiming
  readonly onEvent?: (event: LinkEvent) => void
}

/** Why a link or a request on it failed. `hint` says what to look at next. */
export class LinkError extends Error {
  readonly by: "peer" | "local" | "timeout"
  readonly hint: string

  constructor(by: "peer" | "local" | "timeout", reason: string, hint: string) {
    super(reason)
    this.name = "LinkError"
    this.by = by
    this.hint = hint
  }
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
  readonly #exchanges = new ClientExchanges(defaultClientSettings, Math.random)
  readonly #waiting = new Map<number, Waiting>()
  #socket: Socket
  #timer: NodeJS.Timeout | undefined
  #connected: { readonly resolve: (session: Session) => void; readonly reject: (error: LinkError) => void } | undefined
  #closed: LinkError | undefined

  constructor(options: SecureLinkOptions) {
    this.#options = options
    this.#client = new Client({
      crypto: nodeCrypto,
      identity: new TextEncoder().encode(options.identity),
      psk: options.psk,
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
    const previous = this.#socket
    this.#socket = this.#openSocket()
    previous.close()
  }

  /** Ends the session by close_notify. */
  async close(): Promise<void> {
    this.#carryOut(this.#client.close())
    clearTimeout(this.#timer)
    await new Promise<void>((resolve) => setImmediate(resolve))
    this.#closeSocket()
  }

  /** Stops without a word, as a device that loses power. */
  abandon(): void {
    clearTimeout(this.#timer)
    this.#end(new LinkError("local", "the link was abandoned", "connect anew"))
    this.#closeSocket()
  }

  #openSocket(): Socket {
    const { host, port } = this.#options
    const socket = createSocket(host.includes(":") ? "udp6" : "udp4")
    socket.on("message", (datagram) => {
      this.#emit({ _tag: "Received", datagram })
      this.#carryOut(this.#client.handleDatagram(Date.now(), datagram))
      this.#arm()
    })
    // ICMP errors: the retransmission timers decide when to give up.
    socket.on("error", () => {})
    socket.connect(port, host)
    return socket
  }

  #closeSocket(): void {
    try {
      this.#socket.close()
    } catch {
      // Closed already, by an end that came from the server.
    }
  }

  #carryOut(outputs: ReadonlyArray<ClientOutput>): void {
    for (const output of outputs) {
      switch (output._tag) {
        case "Transmit":
          this.#transmit(output.datagram, output.flight)
          break
        case "Connected":
          this.#emit({ _tag: "Connected", session: output.session, resumed: output.resumed })
          this.#connected?.resolve(output.session)
          this.#connected = undefined
          break
        case "Data":
          this.#emit({ _tag: "MessageReceived", bytes: output.plaintext })
          this.#carryOutMessages(this.#exchanges.handleMessage(Date.now(), output.plaintext))
          break
        case "Closed":
          this.#end(new LinkError(output.by, output.reason, hintOf(output.by)))
          break
      }
    }
  }

  #carryOutMessages(outputs: ClientOutputs): void {
    for (const output of outputs) {
      switch (output._tag) {
        case "Transmit": {
          this.#emit({ _tag: "MessageSent", bytes: output.bytes })
          const record = this.#client.send(output.bytes)
          if (Result.isSuccess(record)) this.#transmit(record.success, "application data")
          break
        }
        case "Response":
          this.#settle(output.exchange)?.resolve(output.response)
          break
        case "Failed":
          this.#settle(output.exchange)?.reject(new LinkError("timeout", `no response: ${output.reason}`, silenceHint))
          break
        case "Ignored":
          break
      }
    }
  }

  #settle(exchange: number): Waiting | undefined {
    const waiting = this.#waiting.get(exchange)
    this.#waiting.delete(exchange)
    return waiting
  }

  #transmit(datagram: Uint8Array, flight: string): void {
    this.#emit({ _tag: "Sent", datagram, flight })
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

  #emit(event: LinkEvent): void {
    this.#options.onEvent?.(event)
  }
}

const silenceHint =
  "the server or the network is silent: is the server up, and does it still know this session? Connect anew"

const hintOf = (by: "peer" | "local" | "timeout"): string => {
  if (by === "timeout") {
    return (
      "a server hides why it refuses: check host and port, then product key, device key and secret, SecureMode, " +
      "Lifetime 30–86400, and whether the device is disabled; the operator sees the reason in the device's events"
    )
  }
  return by === "peer" ? "the server ended the session; connect anew" : "connect anew"
}
