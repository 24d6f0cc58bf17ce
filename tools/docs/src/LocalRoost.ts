import { Program, ProgramFailed } from "@roost/testkit/program"
import { join } from "node:path"
import type { Elsewhere } from "./Elsewhere.ts"

/** Five apps and a nats-server strip types and start on two busy cores. */
const readyMillisMax = 300_000
const stopMillisMax = 30_000
const lastAnnounced = "Ctrl-C ends it"

/** `npm start -- --sinks` in a clone, so that all five apps have their metrics, with what the pages call `ROOST_ENOS_API=true npm start`. */
export class LocalRoost implements AsyncDisposable {
  readonly #program: Program
  /** The text that it printed to paste, before it tells of devices. */
  readonly announced: string

  private constructor(program: Program) {
    this.#program = program
    this.announced = program.output.slice(0, program.output.indexOf(lastAnnounced))
  }

  static async start(clone: string, { ports }: Elsewhere): Promise<LocalRoost> {
    const program = new Program({
      command: process.execPath,
      args: [join(clone, "tools/dev/src/main.ts"), "--sinks"],
      cwd: clone,
      env: { ...readerEnvironment(), ...portVariables(ports), ROOST_ENOS_API: "true" }
    })
    try {
      await program.ready(new RegExp(lastAnnounced), readyMillisMax)
      return new LocalRoost(program)
    } catch (error) {
      await program.stop("SIGINT", stopMillisMax)
      if (!(error instanceof ProgramFailed)) throw error
      throw new Error(`npm start: ${error.reason}:\n${program.output}`, { cause: error })
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program.stop("SIGINT", stopMillisMax)
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
