import { DeviceBook, type FleetSettings, type SuiteName, fillTemplate } from "@roost/load"

export type LoadSuite = "CCM_8" | "CBC_SHA256" | "none"

export interface DevicesOptions {
  readonly serverPort: number
  readonly suite: LoadSuite
  /** Every device has this key. */
  readonly psk: Uint8Array
  readonly productKey: string
  readonly payloadBytes: number
  /** Number of the process' first device. */
  readonly first: number
}

export const deviceKeyOf = (number: number): string =>
  fillTemplate(deviceKey, { productKey: "", deviceKey: "", number, lifetimeSeconds })

export const bookOf = (settings: FleetSettings, psk: Uint8Array): DeviceBook =>
  new DeviceBook(settings, { _tag: "Template", secret: psk.toHex() })

/**
 * Devices as the peers know them: CON, a socket each, a new address for each handshake. An answer is a 2.04 with message id and token
 * of the request. Its payload is anything, since the peers answer 40 bytes that are always the same.
 */
export const settingsOf = ({ first, payloadBytes, productKey, serverPort, suite }: DevicesOptions): FleetSettings => ({
  targets: [{ host: "127.0.0.1", port: serverPort }],
  first,
  productKey,
  lifetimeSeconds,
  suite: suites[suite],
  cid: false,
  sockets: 0,
  extendedMasterSecret: true,
  encryptThenMac: true,
  localAddresses: [],
  freshAddresses: true,
  deviceKey,
  identity: "{product},{device},2,{lifetime}",
  path: "/topic/sys/{product}/{device}/thing/measurepoint/post",
  payload: payloadOf(payloadBytes),
  keyMode: "hex",
  uplinkBytes: payloadBytes,
  confirmable: true,
  expect: "2.04",
  verifyPayload: "none",
  handshakesInFlight: handshakesUnderWayMax,
  handshakeMillisMax: 20_000,
  handshakeTiming: { initialMillis: 1000, maxMillis: 4000, transmissionsMax: 5 },
  reconnectKind: "full",
  ackTimeoutMillis: 2000,
  maxRetransmit: 4,
  responseMillisMax: 10_000,
  followCommands: false,
  lossSend: 0,
  lossReceive: 0,
  reorder: 0,
  reorderMillis: 0,
  seed: 1 + first
})

/** EnOS JSON, filled up with digits of a measured value. */
const payloadOf = (bytes: number): string => {
  const [head, tail] = [
    `{"id":"1","version":"1.0","method":"thing.measurepoint.post","params":{"measurepoints":{"p":0.`,
    `}}}`
  ]
  return head + "1".repeat(Math.max(1, bytes - head.length - tail.length)) + tail
}

const suites: Readonly<Record<LoadSuite, SuiteName>> = { CCM_8: "ccm8", CBC_SHA256: "cbc", none: "plain" }
const deviceKey = "dev%07d"
const lifetimeSeconds = 86_400
/** Handshakes at a time: as many as `tools/loadtest` has by default. */
export const handshakesUnderWayMax = 64
