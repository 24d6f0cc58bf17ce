import { type NatsServer, scopedProgram } from "@roost/testkit"
import { Effect } from "effect"
import { fileURLToPath } from "node:url"

const main = fileURLToPath(new URL("../../src/main.ts", import.meta.url))
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
export const app = (env: Readonly<Record<string, string>>) =>
  scopedProgram({ command: process.execPath, args: [main], env })

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
