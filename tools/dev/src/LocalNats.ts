import { applicationUser } from "@roost/contracts"
import { binaries, knownFaults, syncsByInterval, writeConfiguration } from "@roost/testkit/nats-server"
import { join } from "node:path"
import type { DevConfig } from "./DevConfig.ts"
import type { Secrets } from "./Secrets.ts"
import type { Viewer } from "./StartPlan.ts"
import { say } from "./Terminal.ts"

/** The newest that this machine has, under the configuration that ships. */
export const natsServerOf = (config: DevConfig, secrets: Secrets, root: string) => {
  const { path, version } = binaries()[0] ?? { path: "nats-server", version: "0.0.0" }
  say(`starting nats-server ${version} on 127.0.0.1:${config.natsPort}`)
  for (const fault of knownFaults(version)) say(`  nats-server ${version} has a known fault: ${fault}`)
  if (!syncsByInterval(version)) {
    say(
      `  nats-server ${version} keeps what it acknowledged when it crashes; a power cut takes up to two minutes of it`
    )
    say("  it hangs when its disk is full, until it is ended with SIGKILL and started again")
    say("  on Debian tools/dev/src/newerNatsServer.sh brings one that takes 5 ms")
  }
  const { env, file } = writeConfiguration(join(config.dataDirectory, "nats-server"), {
    version,
    shipped: join(root, "deploy/nats"),
    storeDirectory: join(config.dataDirectory, "nats"),
    passwords: secrets.natsPasswords,
    // The server listens on this machine alone, and an application in development needs no login.
    withoutLogin: applicationUser
  })
  const args = ["-c", file, "-a", "127.0.0.1", "-p", String(config.natsPort)]
  const variables: Readonly<Record<string, string | undefined>> = { ...process.env, ...env }
  return { name: "nats-server", command: path, args: () => args, env: variables }
}

/** A viewer of devices reads all streams. */
export const viewerOf = (config: DevConfig, secrets: Secrets): Viewer => ({
  servers: [`127.0.0.1:${config.natsPort}`],
  user: "admin",
  pass: secrets.natsPasswords["admin"] ?? ""
})
