import { existsSync } from "node:fs"
import { resolve } from "node:path"
import { AppContainer, appImage } from "./AppContainer.ts"
import { howEnded, Program } from "./program/Program.ts"
import { untilReady } from "./Readiness.ts"
import type { TcpRelay } from "./TcpRelay.ts"

export type AppName = "registry" | "downlink-queue" | "session-actors" | "udp-edge" | "sinks"

const root = resolve(import.meta.dirname, "../../..")

/** The form of an app that runs: the source, or the bundle that `nx build` made of it. */
export type AppForm = "source" | "bundle"

/** `ROOST_TEST_BUNDLES=true` has every test that starts apps start their bundles. */
export const appForm = (): AppForm => (process.env["ROOST_TEST_BUNDLES"] === "true" ? "bundle" : "source")

/** The file that Node is started with. */
export const appFile = (app: AppName, form: AppForm = appForm()): string => {
  const file = `${root}/apps/${app}/${form === "bundle" ? "dist/main.mjs" : "src/main.ts"}`
  if (existsSync(file)) return file
  throw new Error(`${file} is not there: npx nx run-many -t build makes the bundles`)
}

/** A drain that hands 512 partitions over takes `drainMillisMax` of libs/cluster at most, on a machine with time for it. */
const stopMillisMax = 60_000
/** Of former processes, in characters. */
const formerOutputMax = 64 * 1024

export interface AppProcessOptions {
  readonly app: AppName
  /** Counted from 1 among the processes of the app. */
  readonly number: number
  /** Where it answers `/readyz`. */
  readonly port: number
  readonly env: Readonly<Record<string, string>>
  /** As `appForm` without this. */
  readonly form?: AppForm
  /** The file that Node is started with: another version's. */
  readonly file?: string
  /** Its ways to the NATS servers, if they can be cut. */
  readonly relays?: ReadonlyArray<TcpRelay>
}

/** The variables that an app has of a test's environment, which has some of its own. */
const inherited = (): Readonly<Record<string, string>> =>
  Object.fromEntries(["HOME", "NODE_COMPILE_CACHE", "PATH"].map((name) => [name, process.env[name] ?? ""]))

/** One app: its processes, one after another with the same ports and environment, and their last output. */
export class AppProcess {
  readonly app: AppName
  /** Such as `session-actors-2`. */
  readonly name: string
  readonly port: number
  readonly relays: ReadonlyArray<TcpRelay>
  readonly #env: Readonly<Record<string, string>>
  #file: string
  readonly #container: AppContainer | undefined
  #program: Program
  #formerOutput = ""

  constructor({ app, env, file, form, number, port, relays }: AppProcessOptions) {
    this.app = app
    this.name = `${app}-${number}`
    this.port = port
    this.relays = relays ?? []
    this.#env = env
    const image = form === undefined && file === undefined ? appImage() : undefined
    this.#container = image === undefined ? undefined : new AppContainer(image, app)
    this.#file = file ?? image ?? appFile(app, form)
    this.#program = this.#launch()
  }

  get pid(): number {
    return this.#program.pid
  }

  get isRunning(): boolean {
    return this.#program.isRunning
  }

  /** The last output of it and its predecessors. */
  get output(): string {
    return this.#formerOutput + this.#program.output
  }

  /** Another process in place of one that has ended; see `ready`. From now on of `file`, if there is one. */
  start(file = this.#file): void {
    this.#file = file
    if (this.isRunning) return
    this.#formerOutput = this.output.slice(-formerOutputMax)
    this.#program = this.#launch()
  }

  /** SIGSTOP and SIGCONT pause and resume. */
  signal(signal: NodeJS.Signals): void {
    this.#program.signal(signal)
  }

  /** Waits until it can serve; rejects with what it said instead. */
  async ready(): Promise<void> {
    const ended = () => {
      const { exit } = this.#program
      return exit === undefined ? undefined : `ended with ${howEnded(exit)}`
    }
    try {
      await untilReady(this.name, this.port, { ended })
    } catch (error) {
      throw new Error(`${(error as Error).message}:\n${this.output}`, { cause: error })
    }
  }

  /** Ends it, at last by force; whether it went by itself. */
  async stop(signal: "SIGTERM" | "SIGKILL" = "SIGTERM"): Promise<boolean> {
    const { forced } = await this.#program.stop(signal, stopMillisMax)
    return !forced
  }

  #launch(): Program {
    return (
      this.#container?.start(this.app, this.#env) ??
      new Program({ command: process.execPath, args: [this.#file], cwd: root, env: { ...inherited(), ...this.#env } })
    )
  }
}
