import { Code, encode, OptionNumber, stringOption } from "@roost/coap"
import {
  type CipherSuite,
  Client,
  ContentType,
  encodeAlert,
  type Session,
  TLS_PSK_WITH_AES_128_CBC_SHA256,
  TLS_PSK_WITH_AES_128_CCM_8,
  warningAlert
} from "@roost/dtls"
import { dtlsCrypto } from "@roost/dtls-crypto"
import * as Result from "effect/Result"
import { createSocket, type Socket } from "node:dgram"

export type LoadSuite = "CCM_8" | "CBC_SHA256" | "none"

export interface LoadDeviceOptions {
  readonly index: number
  readonly serverPort: number
  readonly suite: LoadSuite
  readonly psk: Uint8Array
  readonly productKey: string
  readonly payloadBytes: number
  readonly onConnected: (device: LoadDevice, outcome: ConnectOutcome) => void
  readonly onAnswer: (device: LoadDevice) => void
}

export type ConnectOutcome = "Full" | "Resumed" | { readonly failure: string }

/**
 * One device: a socket, a DTLS session and at most one request under way (NSTART, RFC 7252 §4.7). It sends the same
 * request with another message id and token each time, and takes nothing for an answer but an acknowledgement of this
 * message id and token with 2.04.
 */
export class LoadDevice {
  readonly index: number
  /** When the request under way was due; NaN if none is. */
  dueAt = Number.NaN
  sentAt = 0
  transmissions = 0
  client: Client | undefined
  readonly #options: LoadDeviceOptions
  readonly #request: Uint8Array
  #socket: Socket | undefined
  #session: Session | undefined
  #messageId = 0
  #connections = 0

  constructor(options: LoadDeviceOptions) {
    this.index = options.index
    this.#options = options
    this.#request = requestOf(options)
  }

  get isIdle(): boolean {
    return Number.isNaN(this.dueAt) && this.#socket !== undefined
  }

  /** A handshake from a new address, as after hours behind a NAT; a resumption if there is a session and `resume`. */
  async connect(now: number, resume: boolean): Promise<void> {
    const { onConnected, psk, suite } = this.#options
    this.close()
    this.#socket = await this.#open()
    if (suite === "none") return onConnected(this, "Full")
    this.client = new Client({
      crypto: dtlsCrypto,
      identity: new TextEncoder().encode(`${this.#options.productKey},${deviceKeyOf(this.index)},2,86400`),
      psk,
      suites: [suiteOf(suite)],
      resume: resume ? this.#session : undefined,
      timing: { initialMillis: 1000, maxMillis: 4000, transmissionsMax: 5 }
    })
    this.#carryOut(this.client.start(now))
  }

  /** Retransmits what is due of a handshake. */
  handleTimeout(now: number): void {
    if (this.client !== undefined && (this.client.deadline ?? Infinity) <= now) {
      this.#carryOut(this.client.handleTimeout(now))
    }
  }

  post(now: number, dueAt: number): void {
    this.#messageId = (this.#messageId + 1) & 0xffff
    this.#request[2] = this.#request[4] = this.#messageId >> 8
    this.#request[3] = this.#request[5] = this.#messageId & 0xff
    this.dueAt = dueAt
    this.transmissions = 0
    this.transmit(now)
  }

  /** The request under way, again if it was sent before: same message id, new record. */
  transmit(now: number): void {
    this.sentAt = now
    this.transmissions++
    if (this.#session === undefined) {
      // The socket keeps the buffer until it is sent.
      this.#socket!.send(this.#request.slice())
      return
    }
    const length = this.#session.sealedBytes(this.#request.length)
    const record = room(length)
    const sealed = this.#session.sealInto(dtlsCrypto, ContentType.application_data, this.#request, record, 0)
    if (Result.isSuccess(sealed)) this.#socket!.send(record)
  }

  /** close_notify (RFC 5246 §7.2.1); the session can still be resumed. */
  sayGoodbye(): void {
    const alert = this.#session?.seal(dtlsCrypto, ContentType.alert, encodeAlert(warningAlert("close_notify")))
    if (alert !== undefined && Result.isSuccess(alert)) this.#socket?.send(alert.success)
  }

  /** Silently, as most devices go; the session can still be resumed. */
  close(): void {
    this.#socket?.close()
    this.#socket = undefined
    this.dueAt = Number.NaN
  }

  #open(): Promise<Socket> {
    const socket = createSocket({ type: "udp4" })
    return new Promise((resolve, reject) => {
      socket.once("error", reject)
      socket.on("message", (datagram) => this.#receive(datagram))
      const address = `127.${++this.#connections & 0xff}.${1 + (this.index >> 15)}.1`
      socket.bind(firstPort + (this.index & 0x7fff), address, () =>
        socket.connect(this.#options.serverPort, "127.0.0.1", () => {
          socket.off("error", reject)
          // A server that goes away is seen by requests without an answer.
          socket.on("error", () => undefined)
          resolve(socket)
        })
      )
    })
  }

  #receive(datagram: Uint8Array): void {
    if (this.client !== undefined) {
      this.#carryOut(this.client.handleDatagram(performance.now(), datagram))
      return
    }
    if (this.#session === undefined) {
      this.#take(datagram)
      return
    }
    const opened = this.#session.open(dtlsCrypto, datagram, 0)
    if (opened._tag === "ApplicationData") this.#take(opened.plaintext)
  }

  #take(message: Uint8Array): void {
    if (Number.isNaN(this.dueAt) || !this.#isAnswer(message)) return
    this.#options.onAnswer(this)
  }

  /** Version 1, ACK, token of two bytes; 2.04; message id and token as sent. */
  #isAnswer(message: Uint8Array): boolean {
    if (message.length < 6 || message[0] !== 0x62 || message[1] !== Code.Changed) return false
    for (let i = 2; i < 6; i++) if (message[i] !== this.#request[i]) return false
    return true
  }

  #carryOut(outputs: ReturnType<Client["start"]>): void {
    let outcome: ConnectOutcome | undefined
    for (const output of outputs) {
      if (output._tag === "Transmit") this.#socket?.send(output.datagram)
      else if (output._tag === "Connected") {
        this.#session = output.session
        outcome = output.resumed ? "Resumed" : "Full"
      } else if (output._tag === "Closed") outcome = { failure: output.reason }
    }
    // After the loop: the last flight of a resumption goes out behind `Connected`.
    if (outcome === undefined || this.client === undefined) return
    this.client = undefined
    this.#options.onConnected(this, outcome)
  }
}

/** Where the next datagram may be written. libuv may still hold an earlier one, so none is written over. */
const room = (length: number): Uint8Array => {
  if (blockUsed + length > block.length) {
    block = new Uint8Array(blockBytes)
    blockUsed = 0
  }
  const datagram = block.subarray(blockUsed, blockUsed + length)
  blockUsed += length
  return datagram
}

/** An allocation for each datagram would be a call of the collector each millisecond. */
const blockBytes = 64 * 1024
let block = new Uint8Array(blockBytes)
let blockUsed = 0

export const deviceKeyOf = (index: number): string => `dev${String(index).padStart(7, "0")}`

const requestOf = ({ index, payloadBytes, productKey }: LoadDeviceOptions): Uint8Array => {
  const path = `topic/sys/${productKey}/${deviceKeyOf(index)}/thing/measurepoint/post`
  return encode({
    type: "CON",
    code: Code.Post,
    messageId: 0,
    token: new Uint8Array(2),
    options: path.split("/").map((segment) => stringOption(OptionNumber.UriPath, segment)),
    payload: new TextEncoder().encode(payloadOf(payloadBytes))
  }).slice()
}

/** EnOS JSON, filled up with digits of a measured value. */
const payloadOf = (bytes: number): string => {
  const [head, tail] = [
    `{"id":"1","version":"1.0","method":"thing.measurepoint.post","params":{"measurepoints":{"p":0.`,
    `}}}`
  ]
  return head + "1".repeat(Math.max(1, bytes - head.length - tail.length)) + tail
}

const suiteOf = (suite: "CCM_8" | "CBC_SHA256"): CipherSuite =>
  suite === "CCM_8" ? TLS_PSK_WITH_AES_128_CCM_8 : TLS_PSK_WITH_AES_128_CBC_SHA256

/** 32 768 devices on each of 127.1.1.1, 127.1.2.1, … from this port on; the second byte counts a device's handshakes. */
const firstPort = 16_384
