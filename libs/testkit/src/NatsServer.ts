import { Effect, type Scope } from "effect"
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { connect, createServer } from "node:net"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"

export interface NatsServerOptions {
  /** Lines for its configuration file: `authorization { … }`, `tls { … }`. */
  readonly config?: string
}

/** A nats-server of a test's own: on a free port of 127.0.0.1, JetStream in a directory of its own. */
export interface NatsServer {
  readonly url: string
  readonly port: number
  /** Processes end and begin; the port and what JetStream stored stay. */
  readonly pid: () => number
  readonly stop: (signal?: "SIGTERM" | "SIGKILL") => Effect.Effect<void>
  readonly start: Effect.Effect<void>
  /** SIGSTOP and SIGCONT: alive for the kernel, silent for clients. */
  readonly pause: Effect.Effect<void>
  readonly resume: Effect.Effect<void>
}

/** Starts one and ends it with the scope. `NATS_SERVER` names another binary than the one of the PATH. */
export const natsServer = (options: NatsServerOptions = {}): Effect.Effect<NatsServer, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.promise(() => launch(options)),
    ({ dispose }) => Effect.promise(dispose)
  ).pipe(Effect.map(({ server }) => server))

const launch = async (options: NatsServerOptions) => {
  const directory = mkdtempSync(join(tmpdir(), "roost-nats-"))
  const port = await freePort()
  const configFile = join(directory, "nats.conf")
  writeFileSync(configFile, options.config ?? "")
  let child: ChildProcess | undefined

  const start = async () => {
    const args = ["-c", configFile, "-a", "127.0.0.1", "-p", String(port), "-js", "-sd", join(directory, "store")]
    const started = spawn(process.env["NATS_SERVER"] ?? "nats-server", args, { stdio: ["ignore", "ignore", "pipe"] })
    child = started
    let log = ""
    started.stderr!.setEncoding("utf8")
    await new Promise<void>((resolve, reject) => {
      started.on("error", reject)
      started.on("exit", () => reject(new Error(`nats-server ended:\n${log}`)))
      started.stderr!.on("data", (chunk: string) => {
        if (log.length < 64 * 1024) log += chunk
        if (log.includes("Server is ready")) resolve()
      })
    })
    await accepting(port)
  }
  const stop = async (signal: "SIGTERM" | "SIGKILL" = "SIGTERM") => {
    const running = child
    child = undefined
    if (running === undefined || running.exitCode !== null) return
    const exited = once(running, "exit")
    running.kill("SIGCONT")
    running.kill(signal)
    await exited
  }
  await start()
  const server: NatsServer = {
    url: `nats://127.0.0.1:${port}`,
    port,
    pid: () => child?.pid ?? 0,
    stop: (signal) => Effect.promise(() => stop(signal)),
    start: Effect.promise(start),
    pause: Effect.sync(() => void child?.kill("SIGSTOP")),
    resume: Effect.sync(() => void child?.kill("SIGCONT"))
  }
  const dispose = async () => {
    await stop("SIGKILL")
    rmSync(directory, { recursive: true, force: true })
  }
  return { server, dispose }
}

/** A port of 127.0.0.1 that was free a moment ago. */
export const freePort = async (): Promise<number> => {
  const probe = createServer().listen(0, "127.0.0.1")
  await once(probe, "listening")
  const { port } = probe.address() as AddressInfo
  probe.close()
  await once(probe, "close")
  return port
}

const accepting = async (port: number): Promise<void> => {
  const socket = connect(port, "127.0.0.1")
  await once(socket, "connect")
  socket.destroy()
}
