import { Device, type DeviceEvent, LinkError, readDeviceState, type RunOptions, writeDeviceState } from "@roost/device"
import { narrowbandTiming } from "@roost/dtls"
import { formatIdentity, parseIdentity } from "@roost/enos"
import { Effect } from "effect"
import * as Result from "effect/Result"
import { answerOf } from "./Answer.ts"
import { checkFlags } from "./checkFlags.ts"
import { DeviceFailure, exitCodes } from "./DeviceFailure.ts"
import { Meter } from "./Meter.ts"
import type { RunDeviceOptions } from "./RunDeviceOptions.ts"
import { serverAddress } from "./ServerAddress.ts"
import { Transcript } from "./Transcript.ts"

/** Prints as it goes; fails with `DeviceFailure` after it has told the reason on standard error. */
export const runDevice = Effect.fnUntraced(
  function* (options: RunDeviceOptions) {
    const { count, deviceKey, interval, lifetime, productKey } = options
    const { host, port, shown } = yield* serverAddress(options.server, process.env)
    yield* checkFlags(options)
    yield* checkIdentity(formatIdentity({ productKey, deviceKey, secureMode: 2, lifetimeSeconds: lifetime }))
    const meter = new Meter(options.answer)
    const report = yield* parseReport(options, meter)
    say(`● server ${shown}`)
    if (interval > lifetime && count !== 1) {
      say(`  (--interval ${interval} is longer than --lifetime ${lifetime}: the device is offline between reports)`)
    }
    let refused = 0
    const print = printer(options.quiet, `${host}:${port}`)
    const device = new Device({
      host,
      port,
      productKey,
      deviceKey,
      lifetimeSeconds: lifetime,
      connectionId: !options.noCid,
      resume: !options.noResume,
      onCommand: meter.execute,
      onEvent: (event) => {
        if (event._tag === "Reported" && !answerOf(event.code, event.payload).accepted) refused++
        print(event)
      },
      ...(options.narrowband ? { timing: narrowbandTiming } : {}),
      ...(options.suites === undefined ? {} : { suites: options.suites })
    })
    yield* Effect.addFinalizer(() => Effect.promise(() => device.close()))
    const secret = yield* secretOf(device, options)
    const reports = count === 0 ? Infinity : count
    yield* linked((signal) => device.run(secret, { intervalMillis: interval * 1000, reports, report, signal }))
    if (refused > 0) {
      return yield* new DeviceFailure({
        reason: `${refused} of ${count} reports were refused`,
        hint: `the operator sees the cause by GET /v1/products/${productKey}/devices/${deviceKey}/why`,
        exitCode: exitCodes.refused
      })
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
  if (state !== undefined) {
    const kept = readDeviceState(state, productKey, deviceKey)
    if (Result.isFailure(kept)) {
      const { detail, reason } = kept.failure
      const hint = "give another --state, or --device-secret if you know it"
      return yield* new DeviceFailure({ reason: `--state ${state}: ${reason}, ${detail}`, hint })
    }
    if (kept.success !== undefined) return kept.success.deviceSecret
  }
  if (productSecret === undefined) {
    return yield* new DeviceFailure({
      reason: "no secret",
      hint: "give --device-secret, or --product-secret to fetch one (and --state FILE to keep it)"
    })
  }
  const issued = yield* linked(() => device.activate(productSecret))
  if (state === undefined) {
    say("  (no --state: the secret is lost at exit, and once it was used the platform gives no other)")
    return issued.deviceSecret
  }
  yield* Effect.try({
    try: () => writeDeviceState(state, { productKey, deviceKey, ...issued }),
    catch: (error) =>
      new DeviceFailure({
        reason: `--state ${state}: ${(error as Error).message}`,
        hint: "the issued secret was not kept; make the file writable and start again before the device reports"
      })
  })
  return issued.deviceSecret
})

const linked = <A>(work: (signal: AbortSignal) => Promise<A>): Effect.Effect<A, DeviceFailure> =>
  Effect.tryPromise({
    try: work,
    catch: (error) =>
      error instanceof LinkError
        ? new DeviceFailure({ reason: error.message, hint: error.hint, exitCode: exitCodes.notConnected })
        : new DeviceFailure({ reason: String(error), hint: "this is a fault of the program" })
  })

/** The server would answer a wrong identity with silence. */
const checkIdentity = (identity: string): Effect.Effect<void, DeviceFailure> => {
  const parsed = parseIdentity(new TextEncoder().encode(identity))
  if (Result.isSuccess(parsed)) return Effect.void
  const { expected, field, got } = parsed.failure
  const hint = "the server answers such an identity with silence; see --product-key, --device-key, --lifetime"
  return Effect.fail(new DeviceFailure({ reason: `wrong ${field}: expected ${expected}, got ${got}`, hint }))
}

const parseReport = (
  { payload, raw }: RunDeviceOptions,
  meter: Meter
): Effect.Effect<RunOptions["report"], DeviceFailure> => {
  if (raw !== undefined) {
    const bytes = parseRaw(raw)
    return bytes === undefined
      ? Effect.fail(
          new DeviceFailure({ reason: "--raw is no hexadecimal", hint: "such as 0x01ff, or text without 0x" })
        )
      : Effect.succeed((device) => device.reportRaw(bytes))
  }
  if (payload === undefined) return Effect.succeed((device, sent) => device.report(meter.points(sent)))
  return Effect.try({
    try: () => {
      const points = JSON.parse(payload) as Record<string, unknown>
      if (typeof points !== "object" || points === null || Array.isArray(points)) throw new Error("no object")
      return (device: Device) => device.report(points)
    },
    catch: () => new DeviceFailure({ reason: "--payload is no JSON object", hint: `such as '{"temp":21.5}'` })
  })
}

const parseRaw = (raw: string): Uint8Array | undefined => {
  if (!raw.startsWith("0x")) return new TextEncoder().encode(raw)
  return /^0x(?:[0-9a-fA-F]{2})+$/.test(raw) ? Uint8Array.fromHex(raw.slice(2)) : undefined
}

/** Seconds since the start, then the event; what belongs to it is indented below. */
const printer = (quiet: boolean, server: string): ((event: DeviceEvent) => void) => {
  const startedAt = performance.now()
  const transcript = new Transcript(server)
  let last = ""
  return (event) => {
    const [head, ...rest] = quiet ? transcript.essence(event) : transcript.describe(event)
    // A person who asked for few lines needs to hear once that the network says the same again.
    if (head === undefined || (quiet && head === last)) return
    last = head
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(3).padStart(9)
    say(`${seconds} ${head}`)
    for (const line of rest) say(`${" ".repeat(seconds.length + 3)}${line}`)
  }
}

const say = (line: string): void => void process.stdout.write(`${line}\n`)
