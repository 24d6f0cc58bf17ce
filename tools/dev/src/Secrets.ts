import { pskFromSecret } from "@roost/enos"
import { newPasswords } from "@roost/testkit/nats-server"
import { randomBytes } from "node:crypto"
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"

/** Keys and token of one installation (docs/variables.md), and the secret of the demo product. */
export interface Secrets {
  readonly clusterKey: string
  /** The registry's own; absent where the data directory is older than it, and its database under the cluster key. */
  readonly registryKey?: string
  readonly routingKey: string
  readonly apiToken: string
  readonly demoProductSecret: string
  readonly demoDeviceSecret: string
  /** Of the users of NATS (deploy/nats/accounts.conf). */
  readonly natsPasswords: Readonly<Record<string, string>>
}

export const secretsFile = (dataDirectory: string): string => join(dataDirectory, "secrets.json")

/**
 * A secret comes from the environment, else from the data directory, else it is made now and kept there, readable by its owner only. The
 * registry's database is sealed under the cluster key, so both live and die together.
 */
export const loadSecrets = (dataDirectory: string, env: Readonly<Record<string, string | undefined>>): Secrets => {
  mkdirSync(dataDirectory, { recursive: true, mode: 0o700 })
  const file = secretsFile(dataDirectory)
  if (!existsSync(file)) {
    const made: Secrets = {
      clusterKey: randomBytes(32).toString("hex"),
      registryKey: randomBytes(32).toString("hex"),
      routingKey: randomBytes(32).toString("hex"),
      apiToken: randomBytes(24).toString("base64url"),
      demoProductSecret: randomBytes(12).toString("hex"),
      demoDeviceSecret: demoSecret(),
      natsPasswords: newPasswords()
    }
    writeFileSync(file, JSON.stringify(made, undefined, 2) + "\n", { mode: 0o600, flag: "wx" })
  }
  chmodSync(file, 0o600)
  const kept = JSON.parse(readFileSync(file, "utf8")) as Secrets
  // Made by a version that had fewer secrets.
  const natsPasswords = { ...newPasswords(), ...kept.natsPasswords }
  if (Object.keys(natsPasswords).length !== Object.keys(kept.natsPasswords ?? {}).length) {
    writeFileSync(file, JSON.stringify({ ...kept, natsPasswords }, undefined, 2) + "\n", { mode: 0o600 })
  }
  return {
    ...kept,
    natsPasswords,
    clusterKey: env["ROOST_CLUSTER_KEY"] ?? kept.clusterKey,
    routingKey: env["ROOST_ROUTING_KEY"] ?? kept.routingKey,
    apiToken: env["ROOST_API_TOKEN"] ?? kept.apiToken
  }
}

/** The key of this secret stands on the command line of coap-client, which takes neither NUL nor line feed. */
const demoSecret = (): string => {
  for (;;) {
    const secret = randomBytes(12).toString("hex")
    const psk = pskFromSecret(secret)
    if (!psk.includes(0) && !psk.includes(10)) return secret
  }
}
