import { loginsOf } from "@roost/testkit/nats-server"
import { join } from "node:path"
import type { AppProblems } from "./AppProblems.ts"
import type { Children } from "./Children.ts"
import type { DevConfig } from "./DevConfig.ts"
import { ask } from "./HttpAsk.ts"
import { natsServerOf } from "./LocalNats.ts"
import type { ProgramName, Programs } from "./Programs.ts"
import { demoMeter, demoProduct } from "./Provision.ts"
import type { Secrets } from "./Secrets.ts"
import { StartFailure } from "./StartFailure.ts"
import type { StartPlan } from "./StartPlan.ts"
import { say, urlOf } from "./Terminal.ts"

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
  /** These are started first. */
  readonly programs: Programs
  /** For what is started again: its files may have changed. */
  readonly find: () => Programs
}

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

/** The bus, unless one is given, and the apps, until each of them is ready. Returns the address of the bus. */
export const startApps = async (start: {
  readonly children: Children
  readonly problems: AppProblems
  readonly plan: StartPlan
  readonly secrets: Secrets
  readonly options: StartOptions
  readonly consoleFolder: string
}): Promise<string> => {
  const { children, consoleFolder, options, plan, problems, secrets } = start
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
    ROOST_CONSOLE_DIR: consoleFolder,
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
      onLine: (line) => problems.show(app, line)
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
      children.proved(app)
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

/** Of Node, for its first start and for later ones. */
const argsOf =
  (name: ProgramName, { find, programs }: StartOptions, args: ReadonlyArray<string> = []) =>
  (again: boolean): ReadonlyArray<string> => [(again ? find() : programs).files[name], ...args]

/** The device that reports every ten seconds. */
export const startDemoDevice = (
  children: Children,
  config: DevConfig,
  secrets: Secrets,
  options: StartOptions
): void => {
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
  children.proved("demo-device")
}
