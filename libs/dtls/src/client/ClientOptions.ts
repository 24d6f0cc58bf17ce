import { type CipherSuite, TLS_PSK_WITH_AES_128_CBC_SHA256, TLS_PSK_WITH_AES_128_CCM_8 } from "../CipherSuite.ts"
import type { Crypto } from "../Crypto.ts"
import type { Session } from "../Session.ts"

/** A client's offers, and its patience. */
export interface ClientOptions {
  readonly crypto: Crypto
  /** Sent in ClientKeyExchange, in clear. */
  readonly identity: Uint8Array
  readonly psk: Uint8Array
  /** In order of preference; CCM_8 first unless given. */
  readonly suites?: ReadonlyArray<CipherSuite>
  /** The id that the server is to put in its records; may be empty. Undefined: RFC 9146 is not offered. */
  readonly connectionId?: Uint8Array | undefined
  readonly extendedMasterSecret?: boolean
  readonly encryptThenMac?: boolean
  /** 512, 1024, 2048 or 4096 (RFC 6066 §4). */
  readonly maxFragmentLength?: number | undefined
  /** RFC 8449. */
  readonly recordSizeLimit?: number | undefined
  /** An earlier session, to be resumed if the server still has it. */
  readonly resume?: Session | undefined
  readonly timing?: RetransmissionTiming
  /** Largest datagram of the handshake; messages that do not fit go out in fragments. 1232 unless given. */
  readonly datagramBytesMax?: number
}

/** RFC 6347 §4.2.4.1. */
export interface RetransmissionTiming {
  readonly initialMillis: number
  readonly maxMillis: number
  /** Transmissions of one flight before giving up. */
  readonly transmissionsMax: number
}

export const defaultTiming: RetransmissionTiming = { initialMillis: 1000, maxMillis: 60_000, transmissionsMax: 6 }

/** RFC 7925 §11: the initial timeout for networks such as NB-IoT, where a round trip takes seconds. */
export const narrowbandTiming: RetransmissionTiming = { initialMillis: 9000, maxMillis: 60_000, transmissionsMax: 6 }

export const defaultClientSuites: ReadonlyArray<CipherSuite> = [
  TLS_PSK_WITH_AES_128_CCM_8,
  TLS_PSK_WITH_AES_128_CBC_SHA256
]

/** Bounds of what a peer that has not proved itself can make a client keep. */
export const clientReassemblyLimits = { messageBytesMax: 2048, messagesAheadMax: 4 }
/** Bytes of records that overtook the message that makes them readable. */
export const earlyBytesMax = 4096
