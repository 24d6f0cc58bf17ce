import type { NatsServer } from "@roost/testkit"
import { Effect } from "effect"
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

export const main = fileURLToPath(new URL("../../src/main.ts", import.meta.url))
export const token = "0123456789abcdef"

export const environment = (nats: NatsServer, port: number, directory: string) => ({
  PATH: process.env["PATH"] ?? "",
  NATS_URL: nats.url,
  ROOST_REGISTRY_PORT: String(port),
  ROOST_DATA_DIR: directory,
  ROOST_API_TOKEN: token,
  ROOST_CLUSTER_KEY: "5a".repeat(32)
})

/** The app as a process; it is gone with the scope. */
export const app = (env: Record<string, string>) =>
  Effect.acquireRelease(
    Effect.sync(() => spawn(process.execPath, [main], { env, stdio: ["ignore", "ignore", "inherit"] })),
    (child) => end(child, "SIGKILL")
  )

export const end = (child: ChildProcess, signal: "SIGKILL" | "SIGTERM") =>
  Effect.promise(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode
    const exited = once(child, "exit")
    child.kill(signal)
    return (await exited)[0] as number | null
  })

export const ready = (base: string) =>
  Effect.tryPromise(() => fetch(`${base}/readyz`)).pipe(
    Effect.map((response) => response.ok),
    Effect.orElseSucceed(() => false),
    Effect.delay("50 millis"),
    Effect.repeat({ until: (ok) => ok })
  )

export const post = (url: string, body: unknown) =>
  Effect.promise(async () => {
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" }
    const response = await fetch(url, { method: "POST", headers, body: JSON.stringify(body) })
    return response.status
  })

export const temporaryDirectory = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "roost-app-"))),
  (directory) => Effect.sync(() => rmSync(directory, { recursive: true }))
)
