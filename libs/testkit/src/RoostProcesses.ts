import { type ChildProcess, spawn } from "node:child_process"
import { randomBytes } from "node:crypto"
import { once } from "node:events"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { Effect, Exit, Scope } from "effect"
import { freeTcpPort, freeUdpPort } from "./FreePort.ts"
import { natsServer } from "./NatsServer.ts"

export interface RoostOptions {
  /** Session-actors processes; their static shares divide the partitions evenly. */
  readonly actors?: number
  /** udp-edge processes, each on a port of its own. */
  readonly edges?: number
  readonly downlinks?: number
  /** For every app. */
  readonly env?: Readonly<Record<string, string>>
}

export interface ApiAnswer {
  readonly status: number
  readonly contentType: string
  // The tests look into whatever came.
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly body: any
}

const root = resolve(import.meta.dirname, "../../..")
/** Starting four processes that strip types on two busy cores. */
const readyMillisMax = 45_000
/** A probe that was accepted but not answered, as by an app that is still starting. */
const probeMillisMax = 2_000
const stopMillisMax = 8_000
const outputLengthMax = 64 * 1024

/** The real thing: nats-server and the four apps as processes, on free ports of 127.0.0.1, data in a folder of its own. */
export class RoostProcesses implements AsyncDisposable {
  readonly natsUrl: string
  readonly udpPorts: ReadonlyArray<number>
  readonly registryUrl: string
  readonly downlinkUrls: ReadonlyArray<string>
  readonly token: string
  readonly #children: ReadonlyArray<AppProcess>
  readonly #scope: Scope.Closeable
  readonly #directory: string

  private constructor(fields: {
    readonly natsUrl: string
    readonly udpPorts: ReadonlyArray<number>
    readonly registryUrl: string
    readonly downlinkUrls: ReadonlyArray<string>
    readonly token: string
    readonly children: ReadonlyArray<AppProcess>
    readonly scope: Scope.Closeable
    readonly directory: string
  }) {
    this.natsUrl = fields.natsUrl
    this.udpPorts = fields.udpPorts
    this.registryUrl = fields.registryUrl
    this.downlinkUrls = fields.downlinkUrls
    this.token = fields.token
    this.#children = fields.children
    this.#scope = fields.scope
    this.#directory = fields.directory
  }

  static async start(options: RoostOptions = {}): Promise<RoostProcesses> {
    const directory = mkdtempSync(join(tmpdir(), "roost-"))
    const scope = Effect.runSync(Scope.make())
    const children: Array<AppProcess> = []
    try {
      const roost = await RoostProcesses.#launch(options, directory, scope, children)
      await Promise.all(children.map((child) => child.ready()))
      return roost
    } catch (error) {
      await Promise.all(children.map((child) => child.stop()))
      await Effect.runPromise(Scope.close(scope, Exit.void))
      rmSync(directory, { recursive: true, force: true })
      throw error
    }
  }

  static async #launch(
    options: RoostOptions,
    directory: string,
    scope: Scope.Closeable,
    children: Array<AppProcess>
  ): Promise<RoostProcesses> {
    const nats = await Effect.runPromise(Scope.provide(natsServer(), scope))
    const token = randomBytes(16).toString("hex")
    const env = {
      NATS_URL: nats.url,
      ROOST_CLUSTER_KEY: randomBytes(32).toString("hex"),
      ROOST_ROUTING_KEY: randomBytes(32).toString("hex"),
      ROOST_API_TOKEN: token,
      ROOST_DATA_DIR: directory,
      ROOST_UDP_HOST: "127.0.0.1",
      ROOST_HTTP_HOST: "127.0.0.1",
      ROOST_LOG_LEVEL: "Warn",
      ...options.env
    }
    const start = async (app: string, portVariable: string, more: Readonly<Record<string, string>> = {}) => {
      const port = await Effect.runPromise(freeTcpPort)
      const child = new AppProcess(app, port, { ...env, [portVariable]: String(port), ...more })
      children.push(child)
      return port
    }
    const registryPort = await start("registry", "ROOST_REGISTRY_PORT")
    const downlinkPorts = await times(options.downlinks ?? 1, () => start("downlink-queue", "ROOST_DOWNLINK_PORT"))
    const actors = options.actors ?? 1
    await times(actors, (i) =>
      start("session-actors", "ROOST_ACTORS_PORT", { ROOST_ACTORS_PARTITIONS: shareOf(i, actors) })
    )
    const udpPorts = await times(options.edges ?? 1, async () => {
      const udpPort = await Effect.runPromise(freeUdpPort)
      await start("udp-edge", "ROOST_EDGE_PORT", { ROOST_UDP_PORT: String(udpPort) })
      return udpPort
    })
    return new RoostProcesses({
      natsUrl: nats.url,
      udpPorts,
      registryUrl: `http://127.0.0.1:${registryPort}`,
      downlinkUrls: downlinkPorts.map((port) => `http://127.0.0.1:${port}`),
      token,
      children,
      scope,
      directory
    })
  }

  get udpPort(): number {
    return this.udpPorts[0]!
  }

  /** Every process that works for the server, by name, for measuring. */
  get pids(): ReadonlyArray<readonly [name: string, pid: number]> {
    return this.#children.map(({ app, pid }) => [app, pid] as const)
  }

  registry(method: string, path: string, body?: unknown): Promise<ApiAnswer> {
    return call(this.registryUrl, this.token, method, path, body)
  }

  downlink(method: string, path: string, body?: unknown, instance = 0): Promise<ApiAnswer> {
    return call(this.downlinkUrls[instance]!, this.token, method, path, body)
  }

  /** Ends every process of an app with `signal`, and starts it again as it was. */
  async restart(app: string, signal: "SIGKILL" | "SIGTERM"): Promise<void> {
    for (const child of this.#children.filter((one) => one.app === app)) {
      await child.stop(signal)
      child.start()
      await child.ready()
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#children.map((child) => child.stop()))
    await Effect.runPromise(Scope.close(this.#scope, Exit.void))
    rmSync(this.#directory, { recursive: true, force: true })
  }
}

/** One app, its last output, and its end. */
class AppProcess {
  readonly app: string
  readonly #port: number
  readonly #env: Readonly<Record<string, string>>
  #child: ChildProcess
  #output = ""

  constructor(app: string, port: number, env: Readonly<Record<string, string>>) {
    this.app = app
    this.#port = port
    this.#env = env
    this.#child = this.start()
  }

  start(): ChildProcess {
    this.#child = spawn(process.execPath, [`apps/${this.app}/src/main.ts`], {
      cwd: root,
      env: { PATH: process.env["PATH"] ?? "", HOME: process.env["HOME"] ?? "", ...this.#env },
      stdio: ["ignore", "pipe", "pipe"]
    })
    for (const stream of [this.#child.stdout!, this.#child.stderr!]) {
      stream.setEncoding("utf8").on("data", (chunk: string) => {
        this.#output = (this.#output + chunk).slice(-outputLengthMax)
      })
    }
    return this.#child
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  async ready(): Promise<void> {
    const end = Date.now() + readyMillisMax
    let last = "nothing answered"
    while (Date.now() < end) {
      if (this.#child.exitCode !== null)
        throw new Error(`${this.app} ended with ${this.#child.exitCode}:\n${this.#output}`)
      try {
        const response = await fetch(`http://127.0.0.1:${this.#port}/readyz`, {
          signal: AbortSignal.timeout(probeMillisMax)
        })
        if (response.status === 200) return
        last = await response.text()
      } catch {
        last = "nothing answered"
      }
      await new Promise((resume) => setTimeout(resume, 50))
    }
    throw new Error(`${this.app} was not ready in ${readyMillisMax} ms (${last}):\n${this.#output}`)
  }

  async stop(signal: "SIGKILL" | "SIGTERM" = "SIGTERM"): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const exited = once(this.#child, "exit")
    this.#child.kill(signal)
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), stopMillisMax)
    await exited
    clearTimeout(timer)
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

const shareOf = (index: number, count: number): string =>
  `${Math.floor((512 * index) / count)}-${Math.floor((512 * (index + 1)) / count) - 1}`

const times = async <A>(count: number, make: (index: number) => Promise<A>): Promise<ReadonlyArray<A>> => {
  const made: Array<A> = []
  for (let i = 0; i < count; i++) made.push(await make(i))
  return made
}
