import { applicationUser, natsPasswordVariable, NatsUserName, systemUser } from "@roost/contracts"
import { randomBytes } from "node:crypto"
import { cpSync, mkdirSync, statfsSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { syncsByInterval } from "./Binary.ts"

/** The configuration that ships, and that everything in this repository runs nats-server under. */
const shippedHere = resolve(import.meta.dirname, "../../../../deploy/nats")

export interface ConfigurationOptions {
  /** Of the nats-server that will read it, as `2.9.10`. */
  readonly version: string
  /** The folder `deploy/nats`, for a bundle, which lies elsewhere. */
  readonly shipped?: string
  readonly storeDirectory: string
  /** Bytes that streams may take; default `fileStoreOf` the disk of `storeDirectory`. */
  readonly fileStoreBytes?: number
  /** How often what was acknowledged is written to the disk, as nats-server takes it; default what ships. */
  readonly sync?: string
  readonly cluster?: {
    readonly name: string
    /** Address and port for the other servers. */
    readonly listen: string
    /** URLs of the servers to look for, without a login. */
    readonly routes: ReadonlyArray<string>
  }
  /** Of `newPasswords`; default new ones. */
  readonly passwords?: Readonly<Record<string, string>>
  /** The user of a connection without a login; default nobody. */
  readonly withoutLogin?: string
  /** More lines of configuration; ones of their own for `authorization` replace accounts and users. */
  readonly lines?: string
}

/** The parameters of a nats-server's start. */
export interface Configuration {
  readonly file: string
  readonly env: Readonly<Record<string, string>>
  /** The password of each user of `accounts.conf`, and of `cluster`, the other servers. */
  readonly passwords: Readonly<Record<string, string>>
}

/** A copy of `deploy/nats` in `directory` as the server's version can read it, and the variables that it needs. */
export const writeConfiguration = (directory: string, options: ConfigurationOptions): Configuration => {
  mkdirSync(options.storeDirectory, { recursive: true })
  cpSync(options.shipped ?? shippedHere, directory, { recursive: true })
  if (!syncsByInterval(options.version)) writeFileSync(join(directory, "sync.conf"), "")
  else if (options.sync !== undefined) {
    writeFileSync(join(directory, "sync.conf"), `sync_interval: ${JSON.stringify(options.sync)}\n`)
  }
  const { cluster, lines = "", withoutLogin } = options
  const hasOwnLogins = lines.includes("authorization")
  if (hasOwnLogins) writeFileSync(join(directory, "accounts.conf"), "")
  const file = join(directory, "nats.conf")
  const visitor = withoutLogin === undefined || hasOwnLogins ? "" : `no_auth_user: ${withoutLogin}\n`
  writeFileSync(file, `include "${cluster === undefined ? "single" : "cluster"}.conf"\n${visitor}${lines}`)
  const passwords = options.passwords ?? newPasswords()
  return {
    file,
    passwords,
    env: {
      ...Object.fromEntries(users.map((user) => [natsPasswordVariable(user), passwords[user]!])),
      ROOST_NATS_STORE_DIR: JSON.stringify(options.storeDirectory),
      ROOST_NATS_FILE_STORE: String(options.fileStoreBytes ?? fileStoreOf(options.storeDirectory)),
      ...(cluster === undefined
        ? {}
        : {
            ROOST_NATS_NAME: cluster.name,
            ROOST_NATS_CLUSTER_LISTEN: JSON.stringify(cluster.listen),
            [natsPasswordVariable(clusterUser)]: passwords[clusterUser]!,
            ROOST_NATS_ROUTES: `[${cluster.routes.map((route) => JSON.stringify(withLogin(route, passwords))).join(", ")}]`
          })
    }
  }
}

const users = [...NatsUserName, applicationUser, systemUser]

/** As which the servers of a cluster let each other in. */
export const clusterUser = "cluster"

const withLogin = (route: string, passwords: Readonly<Record<string, string>>): string =>
  route.replace("//", `//${clusterUser}:${passwords[clusterUser]}@`)

/** A password for each user of `accounts.conf` and for the cluster, letter first (`natsPasswordVariable`). */
export const newPasswords = (): Readonly<Record<string, string>> =>
  Object.fromEntries([...users, clusterUser].map((user) => [user, `p${randomBytes(16).toString("hex")}`]))

/** Percent of a disk for streams: their files hold what was deleted until they are written anew, and others need some room. */
const fileStorePercent = 70

/** Bytes that streams may take of the disk that has `directory`: of its size, whatever is free now. */
export const fileStoreOf = (directory: string): number => {
  const { blocks, bsize } = statfsSync(directory)
  return Math.floor((blocks * bsize * fileStorePercent) / 100)
}
