import { DeviceBook, type DeviceSource, type Target } from "@roost/load"
import { Option, Result } from "effect"
import { lookup } from "node:dns/promises"
import { closeSync, existsSync, openSync, writeFileSync } from "node:fs"
import type { LoadConfig } from "../LoadConfig.ts"
import { type IssuedCommands, issueCommands } from "../provision/CommandIssuer.ts"
import { readProvisioningFile } from "../provision/ProvisioningFile.ts"
import { provision } from "../provision/RegistryClient.ts"
import { runLoad } from "../run/runLoad.ts"
import { htmlOf } from "../view/Html.ts"
import { LiveView } from "../view/LiveView.ts"
import { summaryOf } from "../view/Summary.ts"
import { configOf, namedPidOf, openFilesMax, orNull } from "./configOf.ts"
import type { Flags } from "./Flags.ts"

export interface Outcome {
  /** 0: the limits were kept; 1: they were not; 2: the run could not be made. */
  readonly exitCode: 0 | 1 | 2
  readonly complaint?: string
}

/** The whole program, from flags to exit code. Aborted, it reports what it has until then. */
export const loadtest = async (flags: Flags, signal: AbortSignal): Promise<Outcome> => {
  const config = configOf(flags, { openFilesMax: openFilesMax() })
  if (Result.isFailure(config)) return { exitCode: 2, complaint: config.failure }
  try {
    return await run(flags, config.success, signal)
  } catch (error) {
    return { exitCode: 2, complaint: error instanceof Error ? error.message : String(error) }
  }
}

const run = async (flags: Flags, given: LoadConfig, signal: AbortSignal): Promise<Outcome> => {
  const view = new LiveView(process.stderr)
  // Faults that would end a run late, or be missing at its end, are looked for before it begins.
  const servers = flags.serverPid.map(serverOf)
  const downlink = given.commandShare > 0 ? downlinkOf(flags) : undefined
  for (const [flag, file] of [
    ["--json", flags.json],
    ["--html", flags.html]
  ] as const) {
    if (Option.isSome(file)) assertWritable(flag, file.value)
  }
  const config = { ...given, targets: await Promise.all(given.targets.map(resolved)) }
  const source = await sourceOf(flags, config, (text) => view.say(text))
  const book = new DeviceBook(config, source)
  const issued: IssuedCommands = { issued: 0, refused: 0, firstRefusal: undefined }
  const report = await runLoad({
    config,
    source,
    servers,
    signal,
    limits: { maxP99Millis: orNull(flags.maxP99), maxErrors: orNull(flags.maxErrors) },
    onSample: (sample, tally, progress) => {
      if (flags.quiet) return
      const serverNames = servers.map(({ name }) => name)
      view.show({ sample, totals: tally.totals.counts, progress, devices: config.devices, serverNames })
    },
    ...(downlink === undefined
      ? {}
      : { whileLoad: (stop: AbortSignal) => issueCommands(downlink, config, book, issued, stop) })
  })
  console.log(summaryOf(report))
  if (issued.issued + issued.refused > 0) console.log(`commands issued  ${issued.issued}, refused ${issued.refused}`)
  if (issued.firstRefusal !== undefined) console.log(`  the first refusal: ${issued.firstRefusal}`)
  if (Option.isSome(flags.json)) writeFileSync(flags.json.value, `${JSON.stringify(report, null, 2)}\n`)
  if (Option.isSome(flags.html)) writeFileSync(flags.html.value, htmlOf(report))
  const { failedHandshakes, fullHandshakes } = report.totals
  if (fullHandshakes === 0 && failedHandshakes > 0) {
    const complaint = "no device came online; under `errors` it says what to look at"
    // A limit that was given is not kept by measuring nothing.
    return { exitCode: report.limits.kept ? 2 : 1, complaint }
  }
  return { exitCode: report.limits.kept ? 0 : 1 }
}

const sourceOf = async (flags: Flags, config: LoadConfig, say: (text: string) => void): Promise<DeviceSource> => {
  if (Option.isSome(flags.deviceFile)) {
    return { _tag: "Listed", devices: await readProvisioningFile(flags.deviceFile.value, config.first, config.devices) }
  }
  if (Option.isSome(flags.registry)) {
    const token = tokenOf(flags)
    const source: DeviceSource = Option.isSome(flags.secret)
      ? { _tag: "Template", secret: flags.secret.value }
      : { _tag: "Derived", key: token }
    const registry = { url: urlOf("--registry", flags.registry.value), token }
    const { imported, known } = await provision(
      registry,
      config.productKey,
      new DeviceBook(config, source),
      config.devices
    )
    say(`${imported} devices registered, ${known} were known already`)
    return source
  }
  if (Option.isSome(flags.secret)) return { _tag: "Template", secret: flags.secret.value }
  if (config.suite === "plain") return { _tag: "Template", secret: "" }
  throw new Error("where are the devices' keys from? Give --registry, --device-file or --secret")
}

const serverOf = (text: string) => {
  const named = namedPidOf(text)
  if (named === undefined) throw new Error(`--server-pid ${text}: expected name=pid`)
  if (!existsSync(`/proc/${named.pid}/stat`)) throw new Error(`--server-pid ${text}: there is no such process here`)
  return named
}

const assertWritable = (flag: string, file: string): void => {
  try {
    closeSync(openSync(file, "a"))
  } catch (error) {
    throw new Error(`${flag} ${file}: ${(error as Error).message}`, { cause: error })
  }
}

/** Sockets take addresses only, and asking for a name again for each device would measure the resolver. */
const resolved = async ({ host, port }: Target): Promise<Target> => {
  try {
    return { host: (await lookup(host)).address, port }
  } catch (error) {
    throw new Error(`--server ${host}:${port}: there is no address for that name (${(error as Error).message})`, {
      cause: error
    })
  }
}

const downlinkOf = (flags: Flags) => {
  if (Option.isNone(flags.downlink)) throw new Error("--commands needs --downlink, the URL of downlink-queue")
  return { url: urlOf("--downlink", flags.downlink.value), token: tokenOf(flags) }
}

const urlOf = (flag: string, text: string): string => {
  if (!/^https?:/.test(text) || !URL.canParse(text))
    throw new Error(`${flag} ${text}: expected a URL such as http://127.0.0.1:8080`)
  return text
}

const tokenOf = (flags: Flags): string => {
  const token = Option.getOrElse(flags.token, () => process.env["ROOST_API_TOKEN"] ?? "")
  if (token === "") throw new Error("the API needs a token: --token or ROOST_API_TOKEN")
  return token
}
