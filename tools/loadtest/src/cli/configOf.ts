import type { Target } from "@roost/load"
import { Option, Result, Schema } from "effect"
import { readFileSync } from "node:fs"
import { devicesMax, devicesPerProcessMax, LoadConfig } from "../LoadConfig.ts"
import type { Flags } from "./Flags.ts"

/** Of the machine: what decides how many devices a process can play. */
export interface Room {
  /** Open files that one process may have. */
  readonly openFilesMax: number
}

/** A configuration of the flags, or what is wrong with them and what to write instead. */
export const configOf = (flags: Flags, room: Room): Result.Result<LoadConfig, string> => {
  const targets: Array<Target> = []
  for (const server of flags.server.length === 0 ? [defaultServer] : flags.server) {
    const target = targetOf(server)
    if (target === undefined) return Result.fail(`--server ${server}: expected host:port`)
    targets.push(target)
  }
  const { cid, devices } = flags
  if (devices > devicesMax) return Result.fail(`--devices ${devices}: at most ${devicesMax}`)
  const socketsMax = room.openFilesMax - openFilesOfProcess
  const devicesEach = cid ? devicesPerProcessMax : Math.min(devicesPerProcessMax, socketsMax)
  const processes = flags.processes === 0 ? Math.max(1, Math.ceil(devices / devicesEach)) : flags.processes
  if (devices > processes * devicesEach) {
    const why =
      devicesEach < devicesPerProcessMax ? `, since ulimit -n is ${room.openFilesMax}; --cid needs fewer sockets` : ""
    return Result.fail(
      `${devices} devices need ${Math.ceil(devices / devicesEach)} processes: ${devicesEach} fit into one${why}`
    )
  }
  const localAddresses =
    flags.localAddress.length > 0 ? flags.localAddress : loopbackAddresses(targets, cid ? 0 : devices)
  const addresses = Math.max(1, localAddresses.length)
  if (!cid && devices > addresses * portsPerAddress) {
    return Result.fail(
      `${devices} devices need ${Math.ceil(devices / portsPerAddress)} local addresses: one has ports for ${portsPerAddress}. Give --local-address, or --cid`
    )
  }
  if (cid && flags.suite === "plain") return Result.fail("--cid: there are no connection ids without DTLS")
  const decoded = decodeConfig({
    targets,
    devices,
    first: flags.first,
    processes,
    productKey: flags.product,
    lifetimeSeconds: flags.lifetime,
    suite: flags.suite,
    cid,
    sockets: flags.sockets,
    extendedMasterSecret: !flags.noEms,
    encryptThenMac: !flags.noEtm,
    localAddresses,
    deviceKey: flags.deviceKey,
    identity: flags.identity,
    path: flags.path,
    payload: flags.payload,
    keyMode: flags.keyMode,
    uplinkBytes: flags.uplinkBytes,
    confirmable: !flags.non,
    expect: flags.expect,
    verifyPayload: flags.verifyPayload,
    rampSeconds: flags.ramp,
    handshakesInFlight: flags.handshakes,
    handshakeMillisMax: millis(flags.handshakeTimeout),
    warmupSeconds: flags.warmup,
    durationSeconds: flags.duration,
    idleSeconds: flags.idle,
    ratePerSecond: flags.rate,
    requestsInFlight: flags.think > 0 ? 0 : flags.inFlight,
    thinkMillis: flags.think * 1000,
    ackTimeoutMillis: millis(flags.ackTimeout),
    maxRetransmit: flags.maxRetransmit,
    responseMillisMax: millis(flags.responseTimeout),
    commandShare: flags.commands,
    commandSeconds: flags.commandsEvery,
    followCommands: !flags.noFollow,
    churnPerSecond: flags.churn,
    reconnectKind: flags.reconnect,
    reconnectRounds: flags.reconnectRounds,
    rebindPerSecond: flags.rebind,
    stormDevices: flags.storm,
    stormKind: flags.stormKind,
    stormSeconds: flags.stormOver,
    lossSend: flags.loss,
    lossReceive: flags.loss,
    reorder: flags.reorder,
    reorderMillis: flags.reorderDelay,
    seed: flags.seed
  })
  return Result.mapError(decoded, ({ message }) =>
    message.replaceAll(
      /\["(\w+)"\]/g,
      (_, key: string) => `--${flagNames[key] ?? key.replace(/[A-Z]/g, "-$&").toLowerCase()}`
    )
  )
}

/** How fields of the configuration are called on the command line, where that is another word. */
const flagNames: Readonly<Record<string, string>> = {
  productKey: "product",
  lifetimeSeconds: "lifetime",
  rampSeconds: "ramp",
  handshakeMillisMax: "handshake-timeout",
  warmupSeconds: "warmup",
  durationSeconds: "duration",
  idleSeconds: "idle",
  ratePerSecond: "rate",
  thinkMillis: "think",
  ackTimeoutMillis: "ack-timeout",
  responseMillisMax: "response-timeout",
  commandShare: "commands",
  commandSeconds: "commands-every",
  churnPerSecond: "churn",
  reconnectKind: "reconnect",
  rebindPerSecond: "rebind",
  stormDevices: "storm",
  stormSeconds: "storm-over",
  lossSend: "loss",
  lossReceive: "loss",
  reorderMillis: "reorder-delay"
}

/** `name=pid`. */
export const namedPidOf = (text: string) => {
  const at = text.lastIndexOf("=")
  const pid = Number(text.slice(at + 1))
  return at > 0 && Number.isSafeInteger(pid) && pid > 0 ? { name: text.slice(0, at), pid } : undefined
}

/** The soft limit: Node raises it to the hard one when it starts. */
export const openFilesMax = (): number => {
  try {
    const line = /^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "latin1"))
    return line === null ? openFilesAssumed : Number(line[1])
  } catch {
    return openFilesAssumed
  }
}

export const orNull = <A>(option: Option.Option<A>): A | null => Option.getOrNull(option)

const targetOf = (text: string): Target | undefined => {
  const at = text.lastIndexOf(":")
  const port = Number(text.slice(at + 1))
  const host = text.slice(0, at).replaceAll(/[[\]]/g, "")
  return at > 0 && Number.isInteger(port) && port > 0 && port < 65_536 ? { host, port } : undefined
}

/** All of 127.0.0.0/8 is this machine, so each further address brings another set of ports. */
const loopbackAddresses = (targets: ReadonlyArray<Target>, devices: number): ReadonlyArray<string> => {
  if (devices <= portsPerAddress || !targets.every(({ host }) => host.startsWith("127."))) return []
  return Array.from({ length: Math.ceil(devices / portsPerAddress) }, (_, i) => `127.0.${i >> 8}.${(i & 0xff) + 1}`)
}

const millis = (seconds: number): number => Math.round(seconds * 1000)
const decodeConfig = Schema.decodeUnknownResult(LoadConfig)
const defaultServer = "127.0.0.1:5684"
/** Of the 28 000 that Linux gives out by default; others need some too. */
const portsPerAddress = 20_000
/** Beside its sockets: IPC, the event loop's own. */
const openFilesOfProcess = 64
const openFilesAssumed = 1_024
