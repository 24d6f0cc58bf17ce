import { spawn } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"
import type { Elsewhere } from "./Elsewhere.ts"
import { holds } from "./Shell.ts"

/** Five apps and a nats-server strip types and start on two busy cores. */
const readyMillisMax = 300_000
const stopMillisMax = 30_000

/** `npm start -- --sinks` in a clone, so that all five apps have their metrics, with what the pages call `ROOST_ENOS_API=true npm start`. */
export class LocalRoost implements AsyncDisposable {
  readonly #child
  #output = ""

  private constructor(clone: string, { ports }: Elsewhere) {
    this.#child = spawn(process.execPath, [join(clone, "tools/dev/src/main.ts"), "--sinks"], {
      cwd: clone,
      env: { ...readerEnvironment(), ...portVariables(ports), ROOST_ENOS_API: "true" },
      stdio: ["ignore", "pipe", "pipe"]
    })
    const child = this.#child
    process.once("exit", () => child.kill("SIGINT"))
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream.setEncoding("utf8").on("data", (chunk: string) => void (this.#output += chunk))
    }
  }

  static async start(clone: string, elsewhere: Elsewhere): Promise<LocalRoost> {
    const roost = new LocalRoost(clone, elsewhere)
    const child = roost.#child
    await holds(() => roost.#output.includes("Ctrl-C ends it") || child.exitCode !== null, readyMillisMax)
    if (roost.#output.includes("Ctrl-C ends it")) return roost
    const how = child.exitCode === null ? `was not ready in ${readyMillisMax} ms` : `ended with ${child.exitCode}`
    await roost[Symbol.asyncDispose]()
    throw new Error(`npm start ${how}:\n${roost.#output}`)
  }

  /** The text that it printed to paste, before it tells of devices. */
  get announced(): string {
    return this.#output.slice(0, this.#output.indexOf("Ctrl-C ends it"))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const exited = once(this.#child, "exit")
    this.#child.kill("SIGINT")
    const force = setTimeout(() => this.#child.kill("SIGKILL"), stopMillisMax)
    await exited
    clearTimeout(force)
  }
}

export const portVariables = (ports: Elsewhere["ports"]): Readonly<Record<string, string>> => ({
  ROOST_NATS_PORT: String(ports.nats),
  ROOST_UDP_HOST: "127.0.0.1",
  ROOST_UDP_PORT: String(ports.udp),
  ROOST_REGISTRY_PORT: String(ports.registry),
  ROOST_DOWNLINK_PORT: String(ports.downlink),
  ROOST_EDGE_PORT: String(ports.edge),
  ROOST_ACTORS_PORT: String(ports.actors),
  ROOST_SINKS_PORT: String(ports.sinks)
})

/** The machine's own, without what tells a Roost of somebody else. */
export const readerEnvironment = (): Readonly<Record<string, string>> => ({
  ...Object.fromEntries(
    Object.entries(process.env).filter(
      (entry): entry is [string, string] =>
        entry[1] !== undefined && !/^(?:ROOST_|NATS_|COAP_|DATABASE_URL|NX_|VITEST|NODE_)/.test(entry[0])
    )
  ),
  // It would outlive the clone that it looks after.
  NX_DAEMON: "false"
})
