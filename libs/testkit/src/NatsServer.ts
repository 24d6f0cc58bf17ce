import { Effect, Exit, Schedule, Scope } from "effect"
import { join } from "node:path"
import { childProcess, type ChildProcess } from "./ChildProcess.ts"
import { freeTcpPort } from "./FreePort.ts"
import { binaries, syncsByInterval, versionOf } from "./nats-server/Binary.ts"
import { type ConfigurationOptions, newPasswords, writeConfiguration } from "./nats-server/Configuration.ts"
import { temporaryDirectory } from "./TemporaryDirectory.ts"

export interface NatsServerOptions {
  /** Lines for its configuration file: `authorization { … }`, `tls { … }`. */
  readonly config?: string
  /** Chooses the server: of the PATH, or the newest that is there and takes `sync_interval`. Default `path`. */
  readonly binary?: "path" | "newest"
  /** Bytes that its streams may take; default 70 % of the disk. */
  readonly fileStoreBytes?: number
  /** Where it stores; default in a directory of its own. */
  readonly storeDirectory?: string
  /** How often it has the disk write what it acknowledged, as nats-server takes it; default as in `deploy/nats`. */
  readonly sync?: string
  /** Of its users; default new ones. */
  readonly passwords?: Readonly<Record<string, string>>
  /** Its place in a cluster. */
  readonly cluster?: NonNullable<ConfigurationOptions["cluster"]>
  /** For its later starts, where they differ. */
  readonly routesOnRestart?: ReadonlyArray<string>
  /** When it may be used, by its log. */
  readonly readyWhen?: RegExp
}

/** A nats-server of a test's own: on a free port of 127.0.0.1, JetStream in a directory of its own. */
export interface NatsServer {
  readonly url: string
  readonly port: number
  /** As `2.10.27`. */
  readonly version: string
  readonly storeDirectory: string
  /** Of the users of `deploy/nats/accounts.conf`. A connection without a login is `admin`: a test may do anything. */
  readonly passwords: Readonly<Record<string, string>>
  /** Processes end and begin; the port and what JetStream stored stay. */
  readonly pid: () => number
  readonly log: () => string
  readonly stop: (signal?: "SIGTERM" | "SIGKILL") => Effect.Effect<void>
  readonly start: Effect.Effect<void>
  readonly restart: Effect.Effect<void>
  /** SIGSTOP and SIGCONT: alive for the kernel, silent for clients. */
  readonly pause: Effect.Effect<void>
  readonly resume: Effect.Effect<void>
}

/**
 * Starts one under a copy of `deploy/nats` and ends it with the scope. A server that does not start is a defect with the
 * end of its log. `NATS_SERVER` names another binary than the one of the PATH.
 */
export const natsServer = Effect.fnUntraced(function* (
  options: NatsServerOptions = {}
): Effect.fn.Return<NatsServer, never, Scope.Scope> {
  const directory = yield* temporaryDirectory
  const port = yield* freeTcpPort
  const { path, version } = options.binary === "newest" ? newestBinary() : binaryOfPath()
  const passwords = options.passwords ?? newPasswords()
  const storeDirectory = options.storeDirectory ?? join(directory, "store")
  const configuration = (routes = options.cluster?.routes) =>
    writeConfiguration(join(directory, "nats"), {
      version,
      storeDirectory,
      withoutLogin: "admin",
      passwords,
      ...(options.fileStoreBytes === undefined ? {} : { fileStoreBytes: options.fileStoreBytes }),
      ...(options.sync === undefined ? {} : { sync: options.sync }),
      ...(options.cluster === undefined ? {} : { cluster: { ...options.cluster, routes: routes! } }),
      ...(options.config === undefined ? {} : { lines: options.config })
    })

  let { env, file } = configuration()
  let running: { readonly process: ChildProcess; readonly scope: Scope.Closeable } | undefined
  const start = Effect.gen(function* () {
    if (running !== undefined) return
    const scope = yield* Scope.make()
    const process = yield* childProcess({
      command: path,
      args: ["-c", file, "-a", "127.0.0.1", "-p", String(port)],
      env,
      // Logged after it listens: a client that comes now is accepted.
      readyWhen: options.readyWhen ?? /Server is ready/
    }).pipe(
      Scope.provide(scope),
      // One that was not ready in time runs still, and would keep this process alive.
      Effect.onError(() => Scope.close(scope, Exit.void)),
      Effect.orDie
    )
    running = { process, scope }
    if (options.routesOnRestart !== undefined) ({ env, file } = configuration(options.routesOnRestart))
  }).pipe(Effect.uninterruptible)
  const stop = (signal: "SIGTERM" | "SIGKILL" = "SIGTERM") =>
    Effect.suspend(() => {
      const ending = running
      running = undefined
      if (ending === undefined) return Effect.void
      return Effect.andThen(ending.process.stop(signal), Scope.close(ending.scope, Exit.void))
    })
  const signal = (name: "SIGSTOP" | "SIGCONT") => Effect.suspend(() => running?.process.signal(name) ?? Effect.void)

  yield* Effect.acquireRelease(start, () => stop("SIGKILL"))
  return {
    url: `nats://127.0.0.1:${port}`,
    port,
    version,
    storeDirectory,
    passwords,
    pid: () => running?.process.pid ?? 0,
    log: () => running?.process.output() ?? "",
    stop,
    start,
    restart: Effect.andThen(stop(), start),
    pause: signal("SIGSTOP"),
    resume: signal("SIGCONT")
  }
})

const binaryOfPath = (): { readonly path: string; readonly version: string } => {
  const path = process.env["NATS_SERVER"] ?? "nats-server"
  return { path, version: versionOf(path) ?? "0.0.0" }
}

/** For tests of what only nats-server 2.10 and newer can do. */
const newestBinary = () => {
  const newest = binaries()[0]
  if (newest !== undefined && syncsByInterval(newest.version)) return newest
  const found = newest === undefined ? "none" : `${newest.version} at ${newest.path}`
  throw new Error(
    `this test needs nats-server 2.10 or newer, found ${found}: run tools/dev/src/newerNatsServer.sh, which brings Debian 13's`
  )
}

const leaderKnown = /cluster metadata leader|metadata leader: /
const listensForRoutes = /Listening for route connections/
/** A server that is not let in for so long is started again; within two minutes all are. */
const lonelyMillisMax = 5_000
const startsMax = 24

/**
 * Servers that form one JetStream cluster, ready when all know its leader.
 *
 * They meet by the first one, which listens already: of two that dial each other at once each may close the other's
 * connection. A server that comes after the others' election is not let in for a minute and more. That is one start in 25 of
 * nats-server 2.9.10, and one in two of 2.10.27 on a busy machine. It is let in within two seconds of its next start, when it finds all the others. They
 * do not tell clients of each other: a client knows those that it was given, which may be relays.
 */
export const natsCluster = Effect.fnUntraced(function* (
  size: number,
  optionsOf: (index: number) => NatsServerOptions = () => ({})
): Effect.fn.Return<ReadonlyArray<NatsServer>, never, Scope.Scope> {
  const ports = yield* Effect.all(Array.from({ length: size }, () => freeTcpPort))
  const passwords = newPasswords()
  const route = (port: number) => `nats://127.0.0.1:${port}`
  const member = (index: number) =>
    natsServer({
      ...optionsOf(index),
      passwords,
      cluster: { name: `n${index}`, listen: `127.0.0.1:${ports[index]}`, routes: ports.slice(0, 1).map(route) },
      routesOnRestart: ports.map(route),
      readyWhen: listensForRoutes
    })

  const first = yield* member(0)
  const others = yield* Effect.all(
    ports.slice(1).map((_, index) => member(index + 1)),
    { concurrency: "unbounded" }
  )
  const servers = [first, ...others]
  const outside = () => servers.filter((server) => !leaderKnown.test(server.log()))
  for (let starts = 1; outside().length > 0; starts++) {
    yield* Effect.sync(() => outside().length === 0).pipe(
      Effect.repeat({ until: (all) => all, schedule: Schedule.spaced("20 millis") }),
      Effect.timeoutOption(lonelyMillisMax)
    )
    const lonely = outside()
    if (lonely.length > 0 && starts === startsMax) throw new Error(`no cluster: ${lonely[0]!.log()}`)
    // None is: the election is still on.
    if (lonely.length < size) yield* Effect.forEach(lonely, (server) => server.restart, { discard: true })
  }
  return servers
})
