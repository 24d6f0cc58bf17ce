import type { ClientOptions } from "@roost/dtls"

export const suiteNames = ["ccm8", "cbc", "plain"] as const
export const keyModes = ["enos", "text", "hex"] as const
/** How a device comes back: by a full handshake, or by a resumption of its last session. */
export const reconnectKinds = ["full", "resume"] as const
/** A woken device's first act: an uplink in its session, or a handshake and an uplink. */
export const wakeKinds = ["uplink", "resume", "full"] as const
export const payloadRules = ["id", "echo", "none"] as const

export type SuiteName = (typeof suiteNames)[number]
export type KeyMode = (typeof keyModes)[number]
export type ReconnectKind = (typeof reconnectKinds)[number]
export type WakeKind = (typeof wakeKinds)[number]
export type PayloadRule = (typeof payloadRules)[number]

export interface Target {
  readonly host: string
  readonly port: number
}

/** The devices of one process and their speech; `Fleet`'s verbs take the rest as arguments. */
export interface FleetSettings {
  /** Device i talks to target i mod n. */
  readonly targets: ReadonlyArray<Target>
  /** Number of the process' first device. */
  readonly first: number
  readonly productKey: string
  readonly lifetimeSeconds: number

  readonly suite: SuiteName
  /** Offer connection ids (RFC 9146); devices then share sockets. */
  readonly cid: boolean
  /** Sockets that the devices share then. */
  readonly sockets: number
  readonly extendedMasterSecret: boolean
  readonly encryptThenMac: boolean
  /** Local addresses, used in turn; empty: the system chooses. */
  readonly localAddresses: ReadonlyArray<string>
  /** Each handshake comes from an address of 127.0.0.0/8 that the device has not had lately, as after hours behind a NAT. */
  readonly freshAddresses?: boolean

  /** Templates, see `Template`. */
  readonly deviceKey: string
  readonly identity: string
  readonly path: string
  readonly payload: string
  readonly keyMode: KeyMode
  /** `{pad}` fills the payload up to it. */
  readonly uplinkBytes: number
  readonly confirmable: boolean
  /** Code of a good response, such as "2.04". */
  readonly expect: string
  /** `id`: a JSON object with the request's id and code 200, if it has one. `echo`: the request's id somewhere in it. `none`: anything. */
  readonly verifyPayload: PayloadRule

  /** Handshakes on their way, where the verb does not say otherwise. */
  readonly handshakesInFlight: number
  readonly handshakeMillisMax: number
  /** Of handshake flights; without it as `@roost/dtls` has it. */
  readonly handshakeTiming?: ClientOptions["timing"]
  /** How a device comes back that lost its session. */
  readonly reconnectKind: ReconnectKind
  /** RFC 7252 §4.8. */
  readonly ackTimeoutMillis: number
  readonly maxRetransmit: number
  /** To a NON, and to a CON whose empty ACK came. */
  readonly responseMillisMax: number
  /** Devices GET what Option 2100 announces, and POST the reply. */
  readonly followCommands: boolean

  /** Shares of datagrams, 0–1, drawn for each on its own; handshakes included. */
  readonly lossSend: number
  readonly lossReceive: number
  readonly reorder: number
  /** How long a reordered datagram is held back. */
  readonly reorderMillis: number
  readonly seed: number
}

/** "2.04" as it stands in a message (RFC 7252 §3). */
export const codeOf = (dotted: string): number => {
  const [major = "", minor = ""] = dotted.split(".")
  return (Number(major) << 5) | Number(minor)
}
