import { applicationUser } from "@roost/contracts"
import { binaries, knownFaults, loginsOf, syncsByInterval, writeConfiguration } from "@roost/testkit/nats-server"
import { spawnSync } from "node:child_process"
import { accessSync, constants } from "node:fs"
import { delimiter, join } from "node:path"
import { readAppLine } from "./AppLines.ts"
import { Children, graceMillis } from "./Children.ts"
import { buildConsole, type ConsoleBuild } from "./ConsoleBuild.ts"
import { signInLink } from "./SignInLink.ts"
import type { DevConfig } from "./DevConfig.ts"
import { diskProblem } from "./DiskCheck.ts"
import { keepAddresses } from "./KeptAddresses.ts"
import { takeLock } from "./InstanceLock.ts"
import { ask } from "./HttpAsk.ts"
import { formatLine } from "./LiveView.ts"
import { portFaults } from "./PortCheck.ts"
import type { ProgramName, Programs } from "./Programs.ts"
import { coapClientLine, demoCli, demoMeter, demoMeterCameIn, demoProduct, provisionDemo } from "./Provision.ts"
import { loadSecrets, type Secrets, secretsFile } from "./Secrets.ts"
import type { StartPlan, Viewer } from "./StartPlan.ts"
import { showStreams } from "./StreamView.ts"

/** A fault that the person who starts it has to mend. */
export class StartFailure extends Error {}

/** Until every app has to be ready; a busy machine strips types of four apps at once. */
const readyMillisMax = 180_000
const pollMillis = 100
/** How long a nats-server or database that was given may be away. */
const awayMillisMax = 5_000
const apps = ["registry", "downlink-queue", "session-actors", "udp-edge"] as const
const appsOf = ({ sinks }: StartPlan) => (sinks === true ? ([...apps, "sinks"] as const) : apps)

export interface StartOptions {
  /** The checkout. */
  readonly root: string
  /** What is started first. */
  readonly programs: Programs
  /** For what is started again: its files may have changed. */
  readonly find: () => Programs
}

/** Starts everything, and shows what happens until a signal comes, which is the ordinary end; throws a `StartFailure`. */
export const runLocalRoost = async (plan: StartPlan, options: StartOptions): Promise<void> => {
  const { config } = plan
  bootstrap(config, options.root)
  const full = diskProblem(config.dataDirectory)
  if (full !== undefined) throw new StartFailure(full)
  const lock = takeLock(config.dataDirectory)
  if ("heldBy" in lock) {
    const holder = `process ${lock.heldBy ?? "(unknown)"} runs on ${config.dataDirectory} already`
    throw new StartFailure(`${holder}; end it, or set ROOST_DATA_DIR`)
  }
  try {
    const taken = await takenPorts(plan, lock.formerWasKilled)
    if (taken.length > 0) throw new StartFailure(taken.join("\n✗ "))
    const givenUp = Promise.withResolvers<never>()
    const asked = Promise.withResolvers<void>()
    const children = supervise(config, (why) => givenUp.reject(new StartFailure(why)))
    endOnSignal(children, asked.resolve)
    try {
      await Promise.race([run(children, plan, options), asked.promise, givenUp.promise])
    } finally {
      say("stopping…")
      await children.stop()
      say("stopped, nothing is left running")
    }
  } finally {
    lock.release()
  }
}

/** Never ends by itself. */
const run = async (children: Children, plan: StartPlan, options: StartOptions): Promise<never> => {
  const { config, demo, only } = plan
  const secrets = loadSecrets(config.dataDirectory, process.env)
  const console = givenConsole() ?? buildConsole(options.root)
  const natsUrl = await startAll(children, plan, secrets, options, console)
  keepAddresses(config)
  if (demo) {
    const registry = urlOf(config, config.ports.registry)
    await provisionDemo(registry, secrets)
    startDemoDevice(children, config, secrets, options)
    await demoMeterCameIn(registry, secrets)
  }
  const link = consoleLine(config, secrets, console)
  const first = await Promise.race([link, pause(linkMillisMax)])
  announce(config, natsUrl, secrets, demo, first ?? "it is being built, and its link follows")
  if (first === undefined) {
    const later = (line: string) => say(`${consoleTitle}${line}`)
    link.then(later, (error: Error) => later(`there is no link: ${error.message}`))
  }
  const color = process.stdout.isTTY === true && process.env["NO_COLOR"] === undefined
  return showStreams(plan.viewer ?? viewerOf(config, secrets), only, (line) =>
    say(typeof line === "string" ? line : formatLine(line, color))
  )
}

/** The children of a start that was killed may take their time to end, bus and apps one after the other. */
const takenPorts = async ({ config, sinks }: StartPlan, formerWasKilled: boolean): Promise<ReadonlyArray<string>> => {
  const end = Date.now() + (formerWasKilled ? 2 * graceMillis : 0)
  for (let told = false; ; told = true) {
    const faults = await portFaults(config, sinks)
    if (faults.length === 0 || Date.now() >= end) return faults
    if (!told) say("the start before this one was killed; waiting for its processes to end")
    await new Promise((resume) => setTimeout(resume, pollMillis))
  }
}

/** The apps' complaints about the configuration: they come at the same time, and most share the variables. */
const misconfigured = new Set<string>()

/** The supervisor, which gives up on everything when one child does not stay up. */
const supervise = (config: DevConfig, giveUp: (why: string) => void): Children => {
  const children: Children = new Children({
    died: (name, how, tail, restartMillis) => {
      if (misconfigured.size > 0) {
        return void setTimeout(() => giveUp([...misconfigured].join("\n✗ ")), othersMillis)
      }
      say(`${name} ended (${how})${restartMillis === undefined ? "" : `, again in ${restartMillis} ms`}`)
      for (const line of tail) say(`  ${name} | ${line}`)
      if (restartMillis !== undefined) return
      giveUp(`${name} does not stay up; its log is in ${join(config.dataDirectory, "logs")}`)
    }
  })
  return children
}

/** For the other apps to say what they find wrong, too. */
const othersMillis = 1_500

/** Each app has the keys that it needs, and no other. */
const keysOf: Readonly<Record<string, ReadonlyArray<string>>> = {
  "session-actors": ["ROOST_CLUSTER_KEY"],
  sinks: ["ROOST_CLUSTER_KEY"],
  registry: ["ROOST_CLUSTER_KEY", "ROOST_REGISTRY_KEY"],
  "udp-edge": ["ROOST_ROUTING_KEY"]
}
const withPrevious = (names: ReadonlyArray<string>) => names.flatMap((name) => [name, `${name}_PREVIOUS`])
const keyNames = new Set(withPrevious(Object.values(keysOf).flat()))

const keysFor = (app: string, given: Readonly<Record<string, string | undefined>>) =>
  Object.fromEntries(
    withPrevious(keysOf[app] ?? []).flatMap((name) => (given[name] === undefined ? [] : [[name, given[name]]]))
  )

/** Built by whoever set the variable. */
const givenConsole = (): ConsoleBuild | undefined => {
  const folder = process.env["ROOST_CONSOLE_DIR"]
  return folder === undefined ? undefined : { folder, done: Promise.resolve(undefined) }
}

const consoleLine = async (config: DevConfig, secrets: Secrets, { done }: ConsoleBuild): Promise<string> => {
  const fault = await done
  if (fault !== undefined) return `it can't be built, and the rest works without it: ${fault}`
  return signInLink(urlOf(config, config.ports.registry), secrets.apiToken)
}

const startAll = async (
  children: Children,
  plan: StartPlan,
  secrets: Secrets,
  options: StartOptions,
  { folder }: ConsoleBuild
): Promise<string> => {
  const { config } = plan
  const { programs, root } = options
  if (programs.whySources !== undefined)
    say(`starting from source, which takes longer and more memory: ${programs.whySources}`)
  const natsUrl = config.natsUrl ?? `nats://127.0.0.1:${config.natsPort}`
  const logFile = (name: string) => join(config.dataDirectory, "logs", `${name}.log`)
  let fileStore: Readonly<Record<string, string | undefined>> = {}
  if (config.natsUrl === undefined) {
    const natsServer = natsServerOf(config, secrets, root)
    children.start({ ...natsServer, logFile: logFile("nats-server") })
    fileStore = { ROOST_NATS_FILE_STORE: natsServer.env["ROOST_NATS_FILE_STORE"] }
  } else {
    say(`using the nats-server at ${natsUrl.replace(/\/\/[^@/]*@/, "//")}`)
  }
  const tls = Object.keys(process.env).filter((name) => name.startsWith("ROOST_HTTP_TLS_"))
  if (tls.length > 0) say(`the HTTP ports stay plain here: ${tls.join(", ")} ${tls.length > 1 ? "are" : "is"} left out`)
  const withheld = new Set([...keyNames, ...tls])
  const env = {
    ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !withheld.has(name))),
    NATS_URL: natsUrl,
    ...fileStore,
    // Applications in development are on this machine or near it.
    ROOST_WEBHOOK_PRIVATE: process.env["ROOST_WEBHOOK_PRIVATE"] ?? "true",
    ROOST_API_TOKEN: secrets.apiToken,
    ROOST_CONSOLE_DIR: folder,
    ROOST_DATA_DIR: config.dataDirectory
  }
  const kept = {
    ROOST_CLUSTER_KEY: secrets.clusterKey,
    ROOST_ROUTING_KEY: secrets.routingKey,
    ...(secrets.registryKey === undefined ? {} : { ROOST_REGISTRY_KEY: secrets.registryKey })
  }
  const started = appsOf(plan)
  for (const app of started) {
    children.start({
      name: app,
      command: process.execPath,
      args: argsOf(app, options),
      env: {
        ...env,
        ...programs.env,
        ...keysFor(app, { ...kept, ...process.env }),
        ...(config.natsUrl === undefined ? loginsOf(app, secrets.natsPasswords) : {})
      },
      logFile: logFile(app),
      onLine: (line) => showProblem(app, line)
    })
  }
  const ports = {
    registry: config.ports.registry,
    "downlink-queue": config.ports.downlink,
    "session-actors": config.ports.actors,
    "udp-edge": config.ports.edge,
    sinks: config.ports.sinks
  }
  say(`waiting for ${started.join(", ")}`)
  await Promise.all(
    started.map(async (app) => {
      await untilReady(app, urlOf(config, ports[app]), config)
      children.settled(app)
      say(`  ${app} is ready`)
    })
  )
  return natsUrl
}

const untilReady = async (app: string, url: string, { natsUrl }: DevConfig): Promise<void> => {
  const end = Date.now() + readyMillisMax
  let last = "it does not listen yet"
  let awaySince = Infinity
  while (Date.now() < end) {
    try {
      const { status, text } = await ask("GET", `${url}/readyz`)
      if (status === 200) return
      last = text
      const { checks } = JSON.parse(last) as { readonly checks: Readonly<Record<string, string>> }
      // Of what this start was given, and does not start itself.
      const away = [natsUrl && checks["nats"], process.env["DATABASE_URL"] && checks["database"]].find(
        (check) => check !== undefined && check !== "ok"
      )
      awaySince = away === undefined ? Infinity : Math.min(awaySince, Date.now())
      if (Date.now() - awaySince > awayMillisMax) throw new StartFailure(away!)
    } catch (error) {
      if (error instanceof StartFailure) throw error
      // Not there yet.
    }
    await new Promise((resume) => setTimeout(resume, pollMillis))
  }
  throw new StartFailure(`${app} was not ready in ${readyMillisMax / 1000} s: ${last}`)
}

const consoleTitle = "Console             "
/** For a link to a console that was built before. */
const linkMillisMax = 1_000
const pause = (millis: number) => new Promise<undefined>((resume) => setTimeout(() => resume(undefined), millis))

const announce = (config: DevConfig, natsUrl: string, secrets: Secrets, demo: boolean, console: string): void => {
  const registry = urlOf(config, config.ports.registry)
  const downlink = urlOf(config, config.ports.downlink)
  say(
    `ready   devices coaps://127.0.0.1:${config.udpPort}   registry ${registry}   commands ${downlink}   NATS ${natsUrl}`
  )
  say("")
  say(`${consoleTitle}${console}`)
  say(`API documentation   ${registry}/docs   ${downlink}/docs`)
  say(`API token           ROOST_API_TOKEN=$(node -p 'require("${secretsFile(config.dataDirectory)}").apiToken')`)
  if (demo) {
    say("")
    say("Post as a device:")
    say(`  ${postLine(config, secrets)}`)
    if (coapClient() !== undefined) {
      say("The same by a device in software that prints every message, and what it means:")
      say(`  ${deviceLine(config, secrets)}`)
    }
    say("Set a point on the demo meter, which fetches it with its next report:")
    say(
      `  curl -H "Authorization: Bearer $ROOST_API_TOKEN" -H 'content-type: application/json' ` +
        `-d '{"value":30.5,"pendingTtl":600}' ${downlink}/v1/products/${demoProduct}/devices/${demoMeter}/measurepoints/limit:set`
    )
    say("What happened to it:")
    say(
      `  curl -H "Authorization: Bearer $ROOST_API_TOKEN" ${registry}/v1/products/${demoProduct}/devices/${demoMeter}/events`
    )
  }
  say("")
  say("Ctrl-C ends it. What devices do:")
  started = true
}

const postLine = (config: DevConfig, secrets: Secrets): string => {
  const build = coapClient()
  return build === undefined
    ? deviceLine(config, secrets)
    : coapClientLine(build, config.udpPort, secrets.demoDeviceSecret)
}

const coapClient = () => (["openssl", "gnutls"] as const).find((name) => onPath(`coap-client-${name}`) !== undefined)

const deviceLine = (config: DevConfig, secrets: Secrets): string =>
  `npm run device -- --server 127.0.0.1:${config.udpPort} --product-key ${demoProduct} --device-key ${demoCli} ` +
  `--device-secret ${secrets.demoDeviceSecret} --count 1`

/** Of Node, for its first start and for later ones. */
const argsOf =
  (name: ProgramName, { find, programs }: StartOptions, args: ReadonlyArray<string> = []) =>
  (again: boolean): ReadonlyArray<string> => [(again ? find() : programs).files[name], ...args]

const startDemoDevice = (children: Children, config: DevConfig, secrets: Secrets, options: StartOptions): void => {
  children.start({
    name: "demo-device",
    command: process.execPath,
    args: argsOf("device", options, [
      "--server",
      `127.0.0.1:${config.udpPort}`,
      "--product-key",
      demoProduct,
      "--device-key",
      demoMeter,
      "--product-secret",
      secrets.demoProductSecret,
      "--state",
      join(config.dataDirectory, "demo-meter.json"),
      "--interval",
      "10"
    ]),
    env: { ...process.env, ...options.programs.env },
    logFile: join(config.dataDirectory, "logs", "demo-device.log")
  })
  children.settled("demo-device")
}

let started = false

/** Warnings and errors of an app belong on the terminal; the rest is in its log. */
const showProblem = (app: string, line: string): void => {
  const read = readAppLine(line, started)
  if (read?._tag === "Misconfigured") misconfigured.add(read.text)
  else if (read !== undefined) say(`${app} | ${read.text}`)
}

/** The first signal asks for an orderly end; the second ends everything at once. */
const endOnSignal = (children: Children, end: () => void): void => {
  let signals = 0
  const onSignal = () => {
    process.exitCode = interruptedExitCode
    if (++signals === 1) return end()
    children.killAll()
    process.exit()
  }
  process.on("SIGINT", onSignal)
  process.on("SIGTERM", onSignal)
  process.on("SIGHUP", () => {
    children.killAll()
    process.exit(129)
  })
  process.on("exit", () => children.killAll())
}

/** 128 and the number of SIGINT, as a shell has it. */
const interruptedExitCode = 130

const bootstrap = (config: DevConfig, root: string): void => {
  if (config.natsUrl !== undefined) return
  const { status } = spawnSync(process.execPath, [join(root, "tools/dev/src/bootstrap.ts"), "--for", "start"], {
    stdio: "inherit"
  })
  if (status !== 0) process.exit(1)
}

/** A viewer of devices reads all streams. */
const viewerOf = (config: DevConfig, secrets: Secrets): Viewer => ({
  servers: [`127.0.0.1:${config.natsPort}`],
  user: "admin",
  pass: secrets.natsPasswords["admin"] ?? ""
})

/** The newest that this machine has, under the configuration that ships. */
const natsServerOf = (config: DevConfig, secrets: Secrets, root: string) => {
  const { path, version } = binaries()[0] ?? { path: "nats-server", version: "0.0.0" }
  say(`starting nats-server ${version} on 127.0.0.1:${config.natsPort}`)
  for (const fault of knownFaults(version)) say(`  nats-server ${version} has a known fault: ${fault}`)
  if (!syncsByInterval(version)) {
    say(
      `  nats-server ${version} keeps what it acknowledged when it crashes; a power cut takes up to two minutes of it`
    )
    say("  it hangs when its disk is full, until it is ended with SIGKILL and started again")
    say("  on Debian tools/dev/src/newerNatsServer.sh brings one that takes 5 ms")
  }
  const { env, file } = writeConfiguration(join(config.dataDirectory, "nats-server"), {
    version,
    shipped: join(root, "deploy/nats"),
    storeDirectory: join(config.dataDirectory, "nats"),
    passwords: secrets.natsPasswords,
    // The server listens on this machine alone, and an application in development needs no login.
    withoutLogin: applicationUser
  })
  const args = ["-c", file, "-a", "127.0.0.1", "-p", String(config.natsPort)]
  const variables: Readonly<Record<string, string | undefined>> = { ...process.env, ...env }
  return { name: "nats-server", command: path, args: () => args, env: variables }
}

const onPath = (command: string): string | undefined =>
  [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/usr/local/sbin"]
    .map((folder) => join(folder, command))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK)
        return true
      } catch {
        return false
      }
    })

const urlOf = (config: DevConfig, port: number): string =>
  `http://${config.httpHost === "0.0.0.0" ? "127.0.0.1" : config.httpHost}:${port}`

const say = (line: string): void => void process.stdout.write(`${line}\n`)
