import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { existsSync } from "node:fs"
import { resolve } from "node:path"
import { AppContainer, appImage } from "./AppContainer.ts"
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
const outputLengthMax = 64 * 1024

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

/** What an app has of a test's environment, which has variables of its own. */
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
  #child: ChildProcess
  #output = ""

  constructor({ app, env, file, form, number, port, relays }: AppProcessOptions) {
    this.app = app
    this.name = `${app}-${number}`
    this.port = port
    this.relays = relays ?? []
    this.#env = env
    const image = form === undefined && file === undefined ? appImage() : undefined
    this.#container = image === undefined ? undefined : new AppContainer(image, app)
    this.#file = file ?? image ?? appFile(app, form)
    this.#child = this.#spawn()
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** The last output of it and its predecessors. */
  get output(): string {
    return this.#output
  }

  /** Another process in place of one that has ended; see `ready`. From now on of `file`, if there is one. */
  start(file = this.#file): void {
    this.#file = file
    if (!this.isRunning) this.#child = this.#spawn()
  }

  /** SIGSTOP and SIGCONT pause and resume. */
  signal(signal: NodeJS.Signals): void {
    this.#kill(this.#child, signal)
  }

  /** Waits until it can serve; rejects with what it said instead. */
  async ready(): Promise<void> {
    const ended = () => (this.isRunning ? undefined : `ended with ${this.#child.exitCode}`)
    try {
      await untilReady(this.name, this.port, { ended })
    } catch (error) {
      throw new Error(`${(error as Error).message}:\n${this.#output}`, { cause: error })
    }
  }

  /** Ends it, at last by force; whether it went by itself. */
  async stop(signal: "SIGTERM" | "SIGKILL" = "SIGTERM"): Promise<boolean> {
    if (!this.isRunning) return true
    const exited = once(this.#child, "exit")
    const child = this.#child
    this.#kill(child, signal)
    let forced = false
    const timer = setTimeout(() => {
      forced = true
      this.#kill(child, "SIGKILL")
    }, stopMillisMax)
    await exited
    clearTimeout(timer)
    return !forced
  }

  #kill(child: ChildProcess, signal: NodeJS.Signals): void {
    if (this.#container === undefined) child.kill(signal)
    else this.#container.kill(signal)
  }

  #spawn(): ChildProcess {
    const child = this.#container?.spawn(this.app, this.#env) ?? this.#spawnNode()
    for (const stream of [child.stdout!, child.stderr!]) {
      stream.setEncoding("utf8").on("data", (chunk: string) => {
        this.#output = (this.#output + chunk).slice(-outputLengthMax)
      })
    }
    return child
  }

  #spawnNode(): ChildProcess {
    return spawn(process.execPath, [this.#file], {
      cwd: root,
      env: { ...inherited(), ...this.#env },
      stdio: ["ignore", "pipe", "pipe"]
    })
  }
}
