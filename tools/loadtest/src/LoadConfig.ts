import { keyModes, payloadRules, reconnectKinds, suiteNames, wakeKinds } from "@roost/load"
import { Schema } from "effect"

const Share = Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1 }))
const NotNegative = Schema.Finite.check(Schema.isGreaterThanOrEqualTo(0))
const Positive = Schema.Int.check(Schema.isGreaterThanOrEqualTo(1))
const Natural = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))

/** Devices of one process: what sockets, memory and one core carry. */
export const devicesPerProcessMax = 50_000
/** Devices of one run. */
export const devicesMax = 1_000_000

const Target = Schema.Struct({ host: Schema.String, port: Schema.Int })

/** Everything that decides what is sent and when. Secrets are not in it, so it may stand in a report. */
export const LoadConfig = Schema.Struct({
  /** Device i talks to target i mod n. */
  targets: Schema.Array(Target),
  devices: Positive,
  /** Number of the first device. */
  first: Natural,
  processes: Positive,
  productKey: Schema.String,
  lifetimeSeconds: Schema.Int,

  suite: Schema.Literals(suiteNames),
  /** Offer connection ids (RFC 9146); devices then share sockets. */
  cid: Schema.Boolean,
  /** Sockets of one process where devices share them. */
  sockets: Positive,
  extendedMasterSecret: Schema.Boolean,
  encryptThenMac: Schema.Boolean,
  /** Local addresses, used in turn; empty: the system chooses. */
  localAddresses: Schema.Array(Schema.String),

  /** Templates, see `Template`. */
  deviceKey: Schema.String,
  identity: Schema.String,
  path: Schema.String,
  payload: Schema.String,
  keyMode: Schema.Literals(keyModes),
  /** `{pad}` fills the payload up to it. */
  uplinkBytes: Natural,
  confirmable: Schema.Boolean,
  /** Code of a good response, such as "2.04". */
  expect: Schema.String,
  /** `id`: a JSON object with the request's id and code 200, if it has one. `echo`: the request's id somewhere in it. `none`: anything. */
  verifyPayload: Schema.Literals(payloadRules),

  /** All devices come online over this time; 0: as fast as `handshakesInFlight` lets them. */
  rampSeconds: NotNegative,
  /** Over all devices and processes. */
  handshakesInFlight: Positive,
  handshakeMillisMax: Positive,
  warmupSeconds: NotNegative,
  durationSeconds: NotNegative,
  idleSeconds: NotNegative,

  /** Open loop: requests per second over all devices, whatever the server does. 0: closed loop. */
  ratePerSecond: NotNegative,
  /** Closed loop: requests on their way over all devices; 0: one per device. */
  requestsInFlight: Natural,
  /** Closed loop: a device waits this long, ± half of it, between a response and its next request. */
  thinkMillis: NotNegative,

  /** RFC 7252 §4.8. */
  ackTimeoutMillis: Positive,
  maxRetransmit: Natural,
  /** To a NON, and to a CON whose empty ACK came. */
  responseMillisMax: Positive,

  /** Share of the devices that get a command every `commandSeconds`. */
  commandShare: Share,
  commandSeconds: NotNegative,
  /** Devices GET what Option 2100 announces, and POST the reply. */
  followCommands: Schema.Boolean,

  /** Devices per second that drop their session and handshake again. */
  churnPerSecond: NotNegative,
  /** How devices come back, in churn and in the phase `reconnect`. */
  reconnectKind: Schema.Literals(reconnectKinds),
  /** All devices handshake again, this many times, after `steady`. */
  reconnectRounds: Natural,
  /** Devices per second that go on from another local port. */
  rebindPerSecond: NotNegative,

  /** Devices that wake up at once at the end; 0: no storm. */
  stormDevices: Natural,
  /** Each device's act: an uplink in its session, or a handshake and an uplink. */
  stormKind: Schema.Literals(wakeKinds),
  /** The storm's wake-ups are spread evenly over this time. */
  stormSeconds: NotNegative,

  /** Shares of datagrams, drawn for each on its own; handshakes included. */
  lossSend: Share,
  lossReceive: Share,
  reorder: Share,
  /** How long a reordered datagram is held back. */
  reorderMillis: NotNegative,
  seed: Schema.Int
})
export type LoadConfig = typeof LoadConfig.Type
