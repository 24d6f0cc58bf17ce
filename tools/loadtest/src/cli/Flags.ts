import { keyModes, reconnectKinds, suiteNames, wakeKinds } from "@roost/load"
import { Flag } from "effect/cli"
import { devicesMax, devicesPerProcessMax } from "../LoadConfig.ts"

const text = (name: string, description: string, fallback: string) =>
  Flag.String(name).pipe(Flag.withDescription(description), Flag.withDefault(fallback))
const optionalText = (name: string, description: string) =>
  Flag.String(name).pipe(Flag.withDescription(description), Flag.optional)
const int = (name: string, description: string, fallback: number) =>
  Flag.Int(name).pipe(Flag.withDescription(description), Flag.withDefault(fallback))
const number = (name: string, description: string, fallback: number) =>
  Flag.Finite(name).pipe(Flag.withDescription(description), Flag.withDefault(fallback))
const yes = (name: string, description: string) =>
  Flag.Boolean(name).pipe(Flag.withDescription(description), Flag.withDefault(false))
const many = (name: string, description: string) =>
  Flag.String(name).pipe(Flag.withDescription(description), Flag.atLeast(0))

/** Everything on the command line. `configOf` makes a configuration of it. */
export const flags = {
  server: many("server", "host:port of a CoAP server; repeat for several, device i uses i mod n [127.0.0.1:5684]"),
  devices: int("devices", `devices, up to ${devicesPerProcessMax} a process and ${devicesMax} in all [1000]`, 1_000),
  first: int("first", "number of the first device [0]", 0),
  processes: int("processes", "processes that play devices; 0: as many as the devices need [0]", 0),

  product: text("product", "product key [loadtest]", "loadtest"),
  deviceFile: optionalText(
    "device-file",
    "provisioning file: NDJSON of deviceKey and deviceSecret, as devices:import takes it"
  ),
  registry: optionalText("registry", "URL of the registry: the tool registers its devices there itself"),
  downlink: optionalText("downlink", "URL of downlink-queue, for --commands"),
  token: optionalText("token", "ROOST_API_TOKEN of both; default: that variable"),
  deviceKey: text("device-key", "template of device keys: {n}, %06d [load-%07d]", "load-%07d"),
  identity: text(
    "identity",
    "template of PSK identities: {product} {device} {lifetime} {n} %06d",
    "{product},{device},2,{lifetime}"
  ),
  secret: optionalText("secret", "template of secrets; default: derived, with --registry"),
  keyMode: Flag.Literals("key-mode", keyModes).pipe(
    Flag.withDescription("PSK from the secret: bytes 9–24 of its SHA-256, its text, or its hexadecimal digits [enos]"),
    Flag.withDefault("enos" as const)
  ),
  lifetime: int("lifetime", "Lifetime in the identity, seconds [3600]", 3_600),

  suite: Flag.Literals("suite", suiteNames).pipe(
    Flag.withDescription("cipher suite; plain: CoAP without DTLS [ccm8]"),
    Flag.withDefault("ccm8" as const)
  ),
  cid: yes("cid", "connection ids (RFC 9146): devices share sockets"),
  sockets: int("sockets", "with --cid: sockets of a process [256]", 256),
  noEms: yes("no-ems", "do not offer extended master secret"),
  noEtm: yes("no-etm", "do not offer encrypt-then-MAC"),
  localAddress: many(
    "local-address",
    "local IP address; repeat for several. On loopback 127.0.0.1, .2, … are used as needed"
  ),

  path: text("path", "template of the path that is posted to", "/topic/sys/{product}/{device}/thing/measurepoint/post"),
  payload: text("payload", "template of the payload, with {id}, {pad} and those of --identity", defaultPayload()),
  uplinkBytes: int("uplink-bytes", "{pad} fills the payload up to it [150]", 150),
  non: yes("non", "non-confirmable requests instead of confirmable ones"),
  expect: text("expect", "code of a good response [2.04]", "2.04"),
  verifyPayload: Flag.Literals("verify-payload", ["id", "echo", "none"]).pipe(
    Flag.withDescription(
      "response payload: JSON with the request's id and code 200; the id anywhere; not looked at [id]"
    ),
    Flag.withDefault("id" as const)
  ),

  ramp: number("ramp", "seconds over which the devices come online; 0: as fast as they can [0]", 0),
  handshakes: int("handshakes-in-flight", "handshakes on their way at a time [64]", 64),
  handshakeTimeout: number("handshake-timeout", "seconds after which a handshake has failed [30]", 30),
  warmup: number("warmup", "seconds of load that do not count [2]", 2),
  duration: number("duration", "seconds of load; 0: handshakes only [10]", 10),
  idle: number("idle", "seconds of silence after the load [0]", 0),
  rate: number("rate", "open loop: requests per second; latency counts from the intended time. 0: closed loop [0]", 0),
  inFlight: int("requests-in-flight", "closed loop: requests on their way at a time; 0: one per device [64]", 64),
  think: number("think", "closed loop: seconds between a response and the next request, ± half [0]", 0),
  ackTimeout: number("ack-timeout", "ACK_TIMEOUT, seconds [2]", 2),
  maxRetransmit: int("max-retransmit", "MAX_RETRANSMIT [4]", 4),
  responseTimeout: number("response-timeout", "seconds for the response to a NON or after an empty ACK [10]", 10),

  commands: number("commands", "share of the devices, 0–1, that get a command through --downlink [0]", 0),
  commandsEvery: number("commands-every", "seconds until they get another; 0: one only [5]", 5),
  noFollow: yes("no-follow", "ignore Option 2100"),
  churn: number("churn", "devices per second that lose their session and handshake again [0]", 0),
  reconnect: Flag.Literals("reconnect", reconnectKinds).pipe(
    Flag.withDescription(
      "how devices come back: a full handshake, or a resumption where the server knows the session [full]"
    ),
    Flag.withDefault("full" as const)
  ),
  reconnectRounds: int("reconnect-rounds", "after the load: rounds in which all devices handshake again [0]", 0),
  rebind: number("rebind", "devices per second that go on from another port, as behind a NAT [0]", 0),
  storm: int("storm", "at the end: devices that wake up together [0]", 0),
  stormKind: Flag.Literals("storm-kind", wakeKinds).pipe(
    Flag.withDescription(
      "each sends an uplink in its session, or after a resumption, or after a full handshake [uplink]"
    ),
    Flag.withDefault("uplink" as const)
  ),
  stormOver: number("storm-over", "seconds over which they wake up [1]", 1),
  loss: number("loss", "share of datagrams that are lost, 0–1, either way [0]", 0),
  reorder: number("reorder", "share of datagrams that later ones overtake, 0–1, either way [0]", 0),
  reorderDelay: number("reorder-delay", "milliseconds that those are held back [20]", 20),
  seed: int("seed", "of losses, tokens and message ids [1]", 1),

  serverPid: many("server-pid", "name=pid of a local server process to account for; repeat for each"),
  maxP99: Flag.Finite("max-p99").pipe(
    Flag.withDescription("limit on p99, milliseconds: exit code 1 above it"),
    Flag.optional
  ),
  maxErrors: Flag.Int("max-errors").pipe(Flag.withDescription("limit on errors: exit code 1 above it"), Flag.optional),
  json: optionalText("json", "file for the report as JSON"),
  html: optionalText("html", "file for the report as one HTML page"),
  quiet: yes("quiet", "no progress")
}

function defaultPayload(): string {
  return '{"id":"{id}","version":"1.0","method":"thing.measurepoint.post","params":{"measurepoints":{"temp":21.5,"text":"{pad}"}}}'
}

/** The values of `flags` as the command line's parser gives them. */
export type Flags = { readonly [K in keyof typeof flags]: (typeof flags)[K] extends Flag.Flag<infer A> ? A : never }
