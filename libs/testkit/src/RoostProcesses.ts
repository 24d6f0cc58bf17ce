import { Effect, Exit, Scope } from "effect"
import { randomBytes } from "node:crypto"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { freeTcpPort, freeUdpPort } from "./FreePort.ts"
import { loginsOf } from "./nats-server/Logins.ts"
import { natsCluster, type NatsServer, natsServer, type NatsServerOptions } from "./NatsServer.ts"
import { type PostgresServer, postgresServer } from "./PostgresServer.ts"
import { TcpRelay } from "./TcpRelay.ts"
import { type AppForm, type AppName, AppProcess } from "./AppProcess.ts"

export interface RoostOptions {
  /** Session-actors processes; they divide the partitions among them. */
  readonly actors?: number
  readonly edges?: number
  /** Whether all edges share one port (SO_REUSEPORT) or each has one of its own, as without this option. */
  readonly oneUdpPort?: boolean
  readonly downlinks?: number
  /** Processes of the app that writes sinks; none without this. */
  readonly sinks?: number
  /** Registry processes; several share a PostgreSQL of their own. */
  readonly registries?: number
  /** A PostgreSQL also for one registry, which has SQLite otherwise. */
  readonly postgres?: boolean
  /** nats-server processes; several form a cluster in which everything has as many copies, three at most. */
  readonly natsServers?: number
  /** Of each of them, counted from 0. */
  readonly natsOptions?: (index: number) => NatsServerOptions
  /** Whether each app reaches NATS through relays of its own, which can be cut. */
  readonly cuttable?: boolean
  /** Whether the apps run from source or as bundles; as `appForm` without this. */
  readonly form?: AppForm
  /** The file of each app, if it is another version's. */
  readonly fileOf?: (app: AppName) => string
  /** Of the nats-server, where there is one. */
  readonly nats?: NatsServerOptions
  /** For every app. */
  readonly env?: Readonly<Record<string, string>>
  /** For the processes of this number, counted from 1, of every app: those of one host. */
  readonly envOf?: (number: number) => Readonly<Record<string, string>>
}

export interface ApiAnswer {
  readonly status: number
  readonly contentType: string
  // The tests look into whatever came.
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly body: any
}

/** The real thing: nats-server and the four apps as processes, on free ports of 127.0.0.1, data in a folder of its own. */
export class RoostProcesses implements AsyncDisposable {
  readonly nats: ReadonlyArray<NatsServer>
  /** Of the registries, unless they have SQLite. */
  readonly postgres: PostgresServer | undefined
  readonly udpPorts: ReadonlyArray<number>
  readonly registryUrl: string
  readonly downlinkUrls: ReadonlyArray<string>
  readonly token: string
  readonly apps: ReadonlyArray<AppProcess>
  readonly #env: Readonly<Record<string, string>>
  readonly #scope: Scope.Closeable
  readonly #directory: string

  private constructor(fields: {
    readonly nats: ReadonlyArray<NatsServer>
    readonly postgres: PostgresServer | undefined
    readonly env: Readonly<Record<string, string>>
    readonly udpPorts: ReadonlyArray<number>
    readonly registryUrl: string
    readonly downlinkUrls: ReadonlyArray<string>
    readonly token: string
    readonly apps: ReadonlyArray<AppProcess>
    readonly scope: Scope.Closeable
    readonly directory: string
  }) {
    this.nats = fields.nats
    this.postgres = fields.postgres
    this.#env = fields.env
    this.udpPorts = fields.udpPorts
    this.registryUrl = fields.registryUrl
    this.downlinkUrls = fields.downlinkUrls
    this.token = fields.token
    this.apps = fields.apps
    this.#scope = fields.scope
    this.#directory = fields.directory
  }

  static async start(options: RoostOptions = {}): Promise<RoostProcesses> {
    const directory = mkdtempSync(join(tmpdir(), "roost-"))
    const scope = Effect.runSync(Scope.make())
    const apps: Array<AppProcess> = []
    try {
      const roost = await RoostProcesses.#launch(options, directory, scope, apps)
      await Promise.all(apps.map((app) => app.ready()))
      return roost
    } catch (error) {
      await Promise.all(apps.map(end))
      await Effect.runPromise(Scope.close(scope, Exit.void))
      rmSync(directory, { recursive: true, force: true })
      throw error
    }
  }

  static async #launch(
    options: RoostOptions,
    directory: string,
    scope: Scope.Closeable,
    apps: Array<AppProcess>
  ): Promise<RoostProcesses> {
    const copies = options.natsServers ?? 1
    const natsOptions = options.natsOptions ?? (() => options.nats ?? {})
    const servers =
      copies === 1
        ? Effect.map(natsServer(natsOptions(0)), (server) => [server])
        : natsCluster(copies, options.natsOptions)
    const nats = await Effect.runPromise(Scope.provide(servers, scope))
    const token = randomBytes(16).toString("hex")
    const env = {
      NATS_URL: nats.map(({ url }) => url).join(","),
      ROOST_NATS_REPLICAS: String(Math.min(3, copies)),
      ROOST_CLUSTER_KEY: randomBytes(32).toString("hex"),
      ROOST_REGISTRY_KEY: randomBytes(32).toString("hex"),
      ROOST_ROUTING_KEY: randomBytes(32).toString("hex"),
      ROOST_API_TOKEN: token,
      ROOST_DATA_DIR: directory,
      ROOST_UDP_HOST: "127.0.0.1",
      ROOST_HTTP_HOST: "127.0.0.1",
      ROOST_LOG_LEVEL: "Warn",
      ...options.env
    }
    const start = async (app: AppName, portVariable: string, more: Readonly<Record<string, string>> = {}) => {
      const port = await Effect.runPromise(freeTcpPort)
      const relays = options.cuttable === true ? await times(copies, (i) => TcpRelay.to(nats[i]!.port)) : []
      const ways =
        relays.length === 0 ? {} : { NATS_URL: relays.map((relay) => `nats://127.0.0.1:${relay.port}`).join() }
      const number = apps.filter((other) => other.app === app).length + 1
      const logins = loginsOf(app, nats[0]!.passwords)
      const ofHost = options.envOf?.(number)
      const variables = { ...env, ...logins, ...ways, [portVariable]: String(port), ...more, ...ofHost }
      const { fileOf, form } = options
      apps.push(
        new AppProcess({
          app,
          number,
          port,
          relays,
          env: variables,
          ...(form === undefined ? {} : { form }),
          ...(fileOf === undefined ? {} : { file: fileOf(app) })
        })
      )
      return port
    }
    const registries = options.registries ?? 1
    const postgres =
      registries > 1 || options.postgres === true
        ? await Effect.runPromise(Scope.provide(postgresServer(), scope))
        : undefined
    const database = postgres === undefined ? {} : { DATABASE_URL: postgres.url }
    const registryPorts = await times(registries, () => start("registry", "ROOST_REGISTRY_PORT", database))
    const downlinkPorts = await times(options.downlinks ?? 1, () => start("downlink-queue", "ROOST_DOWNLINK_PORT"))
    const actors = options.actors ?? 1
    await times(actors, () => start("session-actors", "ROOST_ACTORS_PORT"))
    const edges = options.edges ?? 1
    const shares = options.oneUdpPort === true
    const udpPorts = await times(shares ? 1 : edges, () => Effect.runPromise(freeUdpPort))
    await times(edges, (i) =>
      start("udp-edge", "ROOST_EDGE_PORT", {
        ROOST_UDP_PORT: String(udpPorts[shares ? 0 : i]),
        ROOST_UDP_REUSE_PORT: String(shares)
      })
    )
    await times(options.sinks ?? 0, () => start("sinks", "ROOST_SINKS_PORT"))
    return new RoostProcesses({
      nats,
      postgres,
      env,
      udpPorts,
      registryUrl: `http://127.0.0.1:${registryPorts[0]}`,
      downlinkUrls: downlinkPorts.map((port) => `http://127.0.0.1:${port}`),
      token,
      apps,
      scope,
      directory
    })
  }

  /** Of all servers, for a client. */
  get natsUrls(): ReadonlyArray<string> {
    return this.nats.map(({ url }) => url)
  }

  get natsUrl(): string {
    return this.nats[0]!.url
  }

  get udpPort(): number {
    return this.udpPorts[0]!
  }

  /** Every process that works for the server, by name, for measuring. */
  get pids(): ReadonlyArray<readonly [name: string, pid: number]> {
    return this.apps.map(({ app, pid }) => [app, pid] as const)
  }

  registry(method: string, path: string, body?: unknown): Promise<ApiAnswer> {
    return call(this.registryUrl, this.token, method, path, body)
  }

  downlink(method: string, path: string, body?: unknown, instance = 0): Promise<ApiAnswer> {
    return call(this.downlinkUrls[instance]!, this.token, method, path, body)
  }

  /** One more session-actors with other variables; nobody waits for it, and whoever asked for it ends it. */
  async intruder(env: Readonly<Record<string, string>>): Promise<AppProcess> {
    const port = await Effect.runPromise(freeTcpPort)
    const number = this.apps.filter(({ app }) => app === "session-actors").length + 1
    const logins = loginsOf("session-actors", this.nats[0]!.passwords)
    const variables = { ...this.#env, ...logins, ROOST_ACTORS_PORT: String(port), ...env }
    return new AppProcess({ app: "session-actors", number, port, env: variables })
  }

  /** Ends every process of an app with `signal`, and starts it again as it was. */
  async restart(name: AppName, signal: "SIGKILL" | "SIGTERM"): Promise<void> {
    for (const app of this.apps.filter((one) => one.app === name)) {
      await app.stop(signal)
      app.start()
      await app.ready()
    }
  }

  /** Throws where an app was refused what it needs: its user in `deploy/nats/accounts.conf` may too little. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.apps.map(end))
    await Effect.runPromise(Scope.close(this.#scope, Exit.void))
    rmSync(this.#directory, { recursive: true, force: true })
    const refused = this.apps.flatMap(({ name, output }) =>
      output.split("\n").flatMap((line) => (line.includes("Permissions Violation") ? [`${name}: ${line}`] : []))
    )
    if (refused.length > 0) throw new Error([...new Set(refused)].join("\n"))
  }
}

const call = async (base: string, token: string, method: string, path: string, body: unknown): Promise<ApiAnswer> => {
  const raw = body instanceof Uint8Array || typeof body === "string"
  const response = await fetch(base + path, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { "content-type": contentTypeOf(body) })
    },
    ...(body === undefined ? {} : { body: raw ? (body as string | Uint8Array<ArrayBuffer>) : JSON.stringify(body) })
  })
  const contentType = response.headers.get("content-type") ?? ""
  const text = await response.text()
  return {
    status: response.status,
    contentType,
    body: /json$|json;/.test(contentType) && text !== "" ? parse(text) : text
  }
}

const contentTypeOf = (body: unknown): string => {
  if (body instanceof Uint8Array) return "application/octet-stream"
  return typeof body === "string" ? "application/x-ndjson" : "application/json"
}

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

const end = async (app: AppProcess): Promise<void> => {
  app.signal("SIGCONT")
  await app.stop()
  await Promise.all(app.relays.map((relay) => relay[Symbol.asyncDispose]()))
}

const times = async <A>(count: number, make: (index: number) => Promise<A>): Promise<ReadonlyArray<A>> => {
  const made: Array<A> = []
  for (let i = 0; i < count; i++) made.push(await make(i))
  return made
}
