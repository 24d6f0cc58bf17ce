import {
  type CommandAnswer,
  Device,
  type DeviceEvent,
  LinkError,
  type ReceivedCommand,
  readDeviceState,
  writeDeviceState
} from "@roost/device"
import type { CipherSuite } from "@roost/dtls"
import { formatCode } from "@roost/coap"
import { EnosCode } from "@roost/enos"
import { Data, Effect } from "effect"
import { describeEvent } from "./Transcript.ts"

export interface RunDeviceOptions {
  readonly server: string
  readonly productKey: string
  readonly deviceKey: string
  readonly deviceSecret: string | undefined
  readonly productSecret: string | undefined
  readonly state: string | undefined
  readonly lifetime: number
  readonly interval: number
  /** 0: until interrupted. */
  readonly count: number
  readonly payload: string | undefined
  readonly suites: ReadonlyArray<CipherSuite> | undefined
  readonly noCid: boolean
  readonly noResume: boolean
  readonly quiet: boolean
}

/** What the person at the terminal has to change. */
export class DeviceFailure extends Data.TaggedError("DeviceFailure")<{
  readonly reason: string
  readonly hint: string
}> {}

/** Waits between attempts to reach a server that is silent, doubled each time up to the last one. */
const retrySecondsMin = 2
const retrySecondsMax = 60

export const runDevice = Effect.fnUntraced(
  function* (options: RunDeviceOptions) {
    const [host, port] = yield* parseServer(options.server)
    const measurepoints = yield* parsePoints(options.payload)
    const device = new Device({
      host,
      port,
      productKey: options.productKey,
      deviceKey: options.deviceKey,
      lifetimeSeconds: options.lifetime,
      connectionId: !options.noCid,
      resume: !options.noResume,
      onCommand: execute,
      onEvent: (event) => print(event, options.quiet),
      ...(options.suites === undefined ? {} : { suites: options.suites })
    })
    yield* Effect.addFinalizer(() => Effect.promise(() => device.close()))
    const secret = yield* secretOf(device, options)
    yield* linked(() => device.connect(secret))
    let retrySeconds = retrySecondsMin
    for (let sent = 0; options.count === 0 || sent < options.count;) {
      const reported = yield* Effect.result(linked(() => device.report(measurepoints(sent))))
      if (reported._tag === "Failure") {
        say(`✗ ${reported.failure.reason}; connecting again in ${retrySeconds} s`)
        yield* Effect.sleep(`${retrySeconds} seconds`)
        retrySeconds = Math.min(retrySecondsMax, retrySeconds * 2)
        yield* Effect.ignore(linked(() => device.connect(secret)))
        continue
      }
      retrySeconds = retrySecondsMin
      sent++
      if (options.quiet) say(`report ${sent}: ${formatCode(reported.success.code)}`)
      if (options.count === 0 || sent < options.count) yield* Effect.sleep(`${options.interval} seconds`)
    }
  },
  Effect.scoped,
  Effect.tapError((error: DeviceFailure) =>
    Effect.sync(() => process.stderr.write(`✗ ${error.reason}\n  ${error.hint}\n`))
  )
)

/** From the command line, from the state file, or from the platform with the product's secret. */
const secretOf = Effect.fnUntraced(function* (device: Device, options: RunDeviceOptions) {
  const { deviceKey, deviceSecret, productKey, productSecret, state } = options
  if (deviceSecret !== undefined) return deviceSecret
  const kept = state === undefined ? undefined : readDeviceState(state, productKey, deviceKey)
  if (kept !== undefined) return kept.deviceSecret
  if (productSecret === undefined) {
    return yield* new DeviceFailure({
      reason: "no secret",
      hint: "give --device-secret, or --product-secret to fetch one (and --state FILE to keep it)"
    })
  }
  const issued = yield* linked(() => device.activate(productSecret))
  if (state !== undefined) writeDeviceState(state, { productKey, deviceKey, ...issued })
  else say("  (no --state: the secret is lost at exit, and once it was used the platform gives no other)")
  return issued.deviceSecret
})

const linked = <A>(work: () => Promise<A>): Effect.Effect<A, DeviceFailure> =>
  Effect.tryPromise({
    try: work,
    catch: (error) =>
      error instanceof LinkError
        ? new DeviceFailure({ reason: error.message, hint: error.hint })
        : new DeviceFailure({ reason: String(error), hint: "this is a fault of the program" })
  })

/** A meter that does as it is told: sets what is set, tells what is asked, takes every service. */
const settings = new Map<string, unknown>()

const execute = ({ method, params, payload }: ReceivedCommand): CommandAnswer => {
  if (method === "") return payload
  if (method === "thing.service.measurepoint.set") {
    for (const [id, value] of Object.entries(params as Record<string, unknown>)) settings.set(id, value)
    return { code: EnosCode.success }
  }
  if (method === "thing.service.measurepoint.get") {
    const ids = params as ReadonlyArray<string>
    return { code: EnosCode.success, data: Object.fromEntries(ids.map((id) => [id, settings.get(id) ?? null])) }
  }
  return { code: EnosCode.success, message: "done" }
}

const parseServer = (server: string): Effect.Effect<readonly [string, number], DeviceFailure> => {
  const match = /^\[?([^\]]+?)\]?(?::(\d{1,5}))?$/.exec(server)
  const port = Number(match?.[2] ?? 5684)
  return match === null || port < 1 || port > 65_535
    ? Effect.fail(new DeviceFailure({ reason: `--server ${server} is not host:port`, hint: "such as 127.0.0.1:5684" }))
    : Effect.succeed([match[1]!, port] as const)
}

const parsePoints = (
  payload: string | undefined
): Effect.Effect<(sent: number) => Record<string, unknown>, DeviceFailure> => {
  if (payload === undefined) return Effect.succeed(drift)
  return Effect.try({
    try: () => {
      const points = JSON.parse(payload) as Record<string, unknown>
      if (typeof points !== "object" || points === null || Array.isArray(points)) throw new Error("no object")
      return () => points
    },
    catch: () => new DeviceFailure({ reason: "--payload is no JSON object", hint: `such as '{"temp":21.5}'` })
  })
}

const drift = (sent: number): Record<string, unknown> => ({
  temp: Math.round((21 + 3 * Math.sin(sent / 5)) * 10) / 10,
  ...Object.fromEntries(settings)
})

const print = (event: DeviceEvent, quiet: boolean): void => {
  if (quiet && !quietTags.has(event._tag)) return
  for (const line of describeEvent(event)) say(line)
}

const quietTags: ReadonlySet<string> = new Set([
  "Connected",
  "Closed",
  "Activated",
  "CommandReceived",
  "CommandAnswered"
])

const say = (line: string): void => void process.stdout.write(`${line}\n`)
