import { Effect, Exit, Scope } from "effect"
import { execFileSync } from "node:child_process"
import { chownSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { childProcess, type ChildProcess } from "./ChildProcess.ts"
import { freeTcpPort } from "./FreePort.ts"
import { temporaryDirectory } from "./TemporaryDirectory.ts"

/** A PostgreSQL server of a test's own: on a free port of 127.0.0.1, its data in a directory of its own. */
export interface PostgresServer {
  /** Of its empty database, for a superuser. */
  readonly url: string
  readonly log: () => string
  readonly stop: Effect.Effect<void>
  readonly start: Effect.Effect<void>
  /** SIGSTOP and SIGCONT to the server and each of its backends: it holds its connections and says nothing. */
  readonly freeze: Effect.Effect<void>
  readonly thaw: Effect.Effect<void>
}

/**
 * Starts one and ends it with the scope; a server that does not start is a defect with the end of its log. `tls`: what it shows its clients,
 * as PEM.
 */
export const postgresServer = Effect.fnUntraced(function* (tls?: {
  readonly cert: string
  readonly key: string
}): Effect.fn.Return<PostgresServer, never, Scope.Scope> {
  const bin = binaries()
  const as = unprivileged()
  const directory = yield* temporaryDirectory
  if (as !== undefined) chownSync(directory, as.uid, as.gid)
  const port = yield* freeTcpPort
  const data = join(directory, "data")
  const run = (program: string, args: ReadonlyArray<string>, readyWhen?: RegExp) =>
    childProcess({
      command: as === undefined ? join(bin, program) : "setpriv",
      args:
        as === undefined
          ? args
          : [`--reuid=${as.uid}`, `--regid=${as.gid}`, "--clear-groups", join(bin, program), ...args],
      cwd: directory,
      env: { LC_ALL: "C.UTF-8" },
      ...(readyWhen === undefined ? {} : { readyWhen })
    }).pipe(Effect.orDie)

  yield* Effect.scoped(
    Effect.gen(function* () {
      const made = yield* run("initdb", ["-D", data, "-U", "roost", "--auth=trust", "--encoding=UTF8", "--no-sync"])
      const { code } = yield* made.exit
      if (code !== 0) return yield* Effect.die(new Error(`initdb ended with ${code}:\n${made.output()}`))
    })
  )

  if (tls !== undefined) {
    for (const [name, text] of [
      ["server.crt", tls.cert],
      ["server.key", tls.key]
    ] as const) {
      writeFileSync(join(data, name), text, { mode: 0o600 })
      if (as !== undefined) chownSync(join(data, name), as.uid, as.gid)
    }
  }

  let running: { readonly process: ChildProcess; readonly scope: Scope.Closeable } | undefined
  const start = Effect.gen(function* () {
    if (running !== undefined) return
    const scope = yield* Scope.make()
    const settings = ["fsync=off", "synchronous_commit=off", "shared_buffers=32MB", "listen_addresses=127.0.0.1"]
    if (tls !== undefined) settings.push("ssl=on")
    const process = yield* run(
      "postgres",
      ["-D", data, "-p", String(port), "-k", directory, ...settings.flatMap((setting) => ["-c", setting])],
      /ready to accept connections/
    ).pipe(Scope.provide(scope))
    running = { process, scope }
  }).pipe(Effect.uninterruptible)
  const stop = Effect.suspend(() => {
    const ending = running
    running = undefined
    if (ending === undefined) return Effect.void
    // Does not wait for its clients to go.
    return Effect.andThen(ending.process.stop("SIGINT"), Scope.close(ending.scope, Exit.void))
  })

  yield* Effect.acquireRelease(start, () => stop)
  const signal = (name: "SIGSTOP" | "SIGCONT") =>
    Effect.suspend(() => (running === undefined ? Effect.void : signalTree(running.process.pid, name)))
  return {
    freeze: signal("SIGSTOP"),
    thaw: signal("SIGCONT"),
    url: `postgres://roost@127.0.0.1:${port}/postgres`,
    log: () => running?.process.output() ?? "",
    stop,
    start
  }
})

/** Backends have sessions of their own, so that no process group holds them all. */
const signalTree = (pid: number, signal: "SIGSTOP" | "SIGCONT") =>
  Effect.sync(() => {
    const children = existsSync("/proc/self/stat") ? childrenByProc(pid) : childrenByPs(pid)
    // The server first, so that it makes no backend meanwhile.
    for (const each of [pid, ...children]) {
      try {
        process.kill(each, signal)
      } catch (error) {
        // A backend ends with its connection, also between the look and this.
        if (each === pid || (error as NodeJS.ErrnoException).code !== "ESRCH") throw error
      }
    }
  })

const childrenByProc = (parent: number): ReadonlyArray<number> =>
  readdirSync("/proc").flatMap((name) => {
    if (!/^\d+$/.test(name)) return []
    try {
      // `pid (name) state ppid …`, and a name may hold anything.
      const ppid = readFileSync(`/proc/${name}/stat`, "utf8")
        .replace(/^.*\) /s, "")
        .split(" ")[1]
      return Number(ppid) === parent ? [Number(name)] : []
    } catch {
      return []
    }
  })

const childrenByPs = (parent: number): ReadonlyArray<number> =>
  execFileSync("ps", ["-A", "-o", "pid=,ppid="], { encoding: "utf8" })
    .split("\n")
    .map((line) => line.trim().split(/\s+/).map(Number))
    .flatMap(([child, ppid]) => (ppid === parent && child !== undefined ? [child] : []))

/** Whether `postgresServer` finds one. */
export const hasPostgres = (): boolean => binariesFound() !== undefined

const binaries = (): string => {
  const found = binariesFound()
  if (found === undefined)
    throw new Error("no initdb: install PostgreSQL's server, on Debian: apt-get install postgresql")
  return found
}

/** Debian keeps the server's programs out of the PATH, one directory per version. */
const binariesFound = (): string | undefined => {
  const debian = "/usr/lib/postgresql"
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : []
  const candidates = [
    ...versions.map((version) => join(debian, version, "bin")),
    ...(process.env["PATH"] ?? "").split(":")
  ]
  return candidates.find((directory) => existsSync(join(directory, "initdb")))
}

/** The server refuses to run as root; the package made a user for it. */
const unprivileged = (): { readonly uid: number; readonly gid: number } | undefined => {
  if (process.getuid?.() !== 0) return undefined
  const id = (flag: string) => Number(execFileSync("id", [flag, "postgres"], { encoding: "utf8" }))
  return { uid: id("-u"), gid: id("-g") }
}
