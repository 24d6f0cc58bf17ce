import { readFileSync } from "node:fs"
import { dirname, join, resolve } from "node:path"

/** Facts that `npm start` keeps about itself in its data directory. */
export interface LocalRoost {
  readonly folder: string
  readonly url: string
  readonly token: string
  /** UDP port of devices. */
  readonly udpPort: number
  /** Of its nats-server; undefined where that is somebody else's. */
  readonly natsUrl: string | undefined
  /** Of the users of NATS. */
  readonly natsPasswords: Readonly<Record<string, string>>
}

type Environment = Readonly<Record<string, string | undefined>>

interface Addresses {
  readonly registry: string
  readonly udpPort: number
  readonly nats?: string
}

/** Of a version that kept none. */
const usual: Addresses = { registry: "http://127.0.0.1:8080", udpPort: 5684 }

/** The Roost of `ROOST_DATA_DIR`, or of the nearest `.roost` in this directory or above it. Undefined: none was ever started. */
export const findLocalRoost = (env: Environment, from: string): LocalRoost | undefined => {
  const given = env["ROOST_DATA_DIR"]
  if (given !== undefined && given !== "") return readLocalRoost(resolve(from, given))
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    const found = readLocalRoost(join(folder, ".roost"))
    if (found !== undefined || folder === dirname(folder)) return found
  }
}

const readLocalRoost = (folder: string): LocalRoost | undefined => {
  const secrets = read(join(folder, "secrets.json"))
  if (typeof secrets?.["apiToken"] !== "string") return undefined
  const told: Addresses = { ...usual, ...read(join(folder, "addresses.json")) }
  return {
    folder,
    url: told.registry,
    token: secrets["apiToken"],
    udpPort: told.udpPort,
    natsUrl: told.nats,
    natsPasswords: (secrets["natsPasswords"] ?? {}) as LocalRoost["natsPasswords"]
  }
}

const read = (file: string): Readonly<Record<string, unknown>> | undefined => {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Readonly<Record<string, unknown>>
  } catch {
    return undefined
  }
}
