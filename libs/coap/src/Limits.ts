import { szxMax } from "./Block.ts"

/** The cost that one device may put on a server, whatever it sends. */
export interface ServerLimits {
  /** After this long without an answer a CON gets an empty ACK, unless `SessionLimits` say otherwise; below ACK_TIMEOUT. */
  readonly ackDelayMillis: number
  /** Requests at the application; above: 4.29. Responses that wait for their ACK; above, the oldest is given up. */
  readonly exchangesInFlightMax: number
  /**
   * Message ids remembered for deduplication; above, the oldest answered one is forgotten. 64 records are also what the DTLS
   * replay window covers: a copy of an older one does not get this far.
   */
  readonly exchangesRememberedMax: number
  /** Responses kept for duplicates; above, the oldest is dropped and its duplicates meet silence, never a second execution. */
  readonly cachedResponseBytesMax: number
  /** Size exponent of the blocks that the server prefers: 6 is 1024 bytes. */
  readonly blockSzx: number
  /** A request body, assembled. Above: 4.13 with Size1. */
  readonly requestBodyBytesMax: number
  /** Request bodies in assembly; above, the one that has waited longest is dropped and its next block meets 4.08. */
  readonly uploadsMax: number
  /** A response body that is sent block by block. Above: 5.00. */
  readonly responseBodyBytesMax: number
  /** Response bodies kept for following blocks; above, the one that has waited longest is dropped. */
  readonly downloadsMax: number
  /** How long a block-wise transfer waits for its next block. */
  readonly transferIdleMillisMax: number
}

export const defaultServerLimits: ServerLimits = {
  ackDelayMillis: 1_500,
  exchangesInFlightMax: 8,
  exchangesRememberedMax: 64,
  cachedResponseBytesMax: 16 * 1024,
  blockSzx: szxMax,
  requestBodyBytesMax: 64 * 1024,
  uploadsMax: 2,
  responseBodyBytesMax: 64 * 1024,
  downloadsMax: 2,
  // EXCHANGE_LIFETIME, as RFC 7959 §2.5 suggests for state about a partial body.
  transferIdleMillisMax: 247_000
}

/** The limits of one client for its own sake. */
export interface ClientLimits {
  /** Requests that have no final answer yet. */
  readonly exchangesMax: number
  /** A response body, assembled. */
  readonly responseBodyBytesMax: number
  /** Size exponent of the blocks that bodies are sent in: 6 is 1024 bytes. */
  readonly blockSzx: number
  /** How long to wait for a separate response after the empty ACK, or for the response to a NON. */
  readonly responseMillisMax: number
  /** Message ids of received CONs and NONs, remembered for deduplication. */
  readonly messagesRememberedMax: number
}

export const defaultClientLimits: ClientLimits = {
  exchangesMax: 16,
  responseBodyBytesMax: 1024 * 1024,
  blockSzx: szxMax,
  responseMillisMax: 93_000,
  messagesRememberedMax: 32
}
