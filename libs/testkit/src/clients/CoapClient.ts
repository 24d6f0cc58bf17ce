import type { MessageType, Option } from "@roost/coap"
import { Data, type Effect, type Scope } from "effect"

/** The suites of the contract, by the end of their names: TLS_PSK_WITH_AES_128_… */
export type Suite = "CCM_8" | "CBC_SHA256"

export interface SessionOptions {
  /** Of 127.0.0.1. */
  readonly port: number
  /** Text of the PSK identity. */
  readonly identity: string
  readonly psk: Uint8Array
  /** Clients that can't be held to one offer both, and the server chooses: see `ThirdPartyClient.suites`. */
  readonly suite: Suite
  /** For the handshake, and for every response. Default 10 s of real time. */
  readonly withinMillis?: number
  /** More arguments for a client that is a program. */
  readonly args?: ReadonlyArray<string>
}

export interface CoapRequest {
  readonly method: "GET" | "POST" | "PUT" | "DELETE" | "FETCH"
  /** Absolute: `/topic/sys/…`; every segment becomes a Uri-Path. */
  readonly path: string
  readonly payload?: Uint8Array
  /** Default true: CON. */
  readonly confirmable?: boolean
  /** Further options. */
  readonly options?: ReadonlyArray<Option>
  /** Preferred block size, 16 to 1024 bytes; for the clients that do block-wise transfer. */
  readonly blockBytes?: number
}

export interface CoapResponse {
  /** ACK: piggybacked. CON: separate. */
  readonly type: MessageType
  /** Dotted: "2.04". */
  readonly code: string
  readonly options: ReadonlyArray<Option>
  readonly payload: Uint8Array
}

export interface CoapSession {
  readonly request: (request: CoapRequest) => Effect.Effect<CoapResponse, ClientFailed>
  /** The client's output, for the message of a failed test. */
  readonly output: () => string
}

/**
 * - `Missing`: the machine lacks the program; `detail` names the package.
 * - `NoSession`: the handshake did not complete, in time or at all.
 * - `NoResponse`: the session is there and the request was not answered in time.
 * - `Unable`: what was asked is beyond this client.
 */
export class ClientFailed extends Data.TaggedError("ClientFailed")<{
  readonly reason: "Missing" | "NoSession" | "NoResponse" | "Unable"
  readonly client: string
  readonly detail: string
}> {
  override get message(): string {
    return `${this.client}: ${this.reason}\n${this.detail}`
  }
}

/** A CoAP client that others wrote. */
export interface ThirdPartyClient {
  readonly name: string
  /** The program on the PATH; undefined for one in this process. */
  readonly program: string | undefined
  /** The suites that it can be made to agree to; "any" suite that it offers is the server's choice. */
  readonly suites: ReadonlyArray<Suite> | "server's choice"
  /** Whether it splits and joins bodies by itself (RFC 7959). */
  readonly blockwise: boolean
  /** A session that ends with its scope; with libcoap every request has its own. */
  readonly connect: (options: SessionOptions) => Effect.Effect<CoapSession, ClientFailed, Scope.Scope>
}

export const withinMillisDefault = 10_000
