import { ClusterKeys, keysOf, RegistryKeys, Setting } from "@roost/contracts"
import { type Database, DatabaseSetting } from "@roost/device-registry"
import { allStreams, clientsBeside, keptOf, NatsAdminLogin, NatsConfig, NatsError, Replicas } from "@roost/nats"
import { configurationFaults, readConfigured } from "@roost/observability"
import { Buckets, Streams } from "@roost/contracts"
import { ConfigProvider, Effect } from "effect"
import { Flag } from "effect/cli"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { findLocalRoost } from "../context/LocalRoost.ts"
import { Failure } from "../Failure.ts"

/** The registry's own configuration: it reaches all that a backup has. */
const Place = Setting.all({
  nats: NatsConfig,
  admin: NatsAdminLogin,
  database: DatabaseSetting as Setting<Database>,
  cluster: ClusterKeys,
  registry: RegistryKeys,
  replicas: Replicas
})

export interface BackupPlace {
  readonly database: Database
  readonly replicas: number
  readonly keys: { readonly cluster: ReadonlyArray<string>; readonly registry: ReadonlyArray<string> }
  /** A client of the nats-server, as who may make streams; it ends with the scope. */
  readonly connect: ReturnType<typeof connectAs>
}

export const placeFlags = {
  config: Flag.String("config").pipe(
    Flag.withMetavar("FILE"),
    Flag.withDescription(
      "variables of the registry, such as /etc/roost/registry.env (default: the environment, or the Roost of npm start here)"
    ),
    Flag.optional
  )
}

export const backupPlace = Effect.fnUntraced(function* (file: string | undefined) {
  const configured = readConfigured(file, file === undefined ? variablesHere() : process.env)
  const faults = yield* configurationFaults([Place], configured)
  if (faults.length > 0) {
    return yield* new Failure({
      outcome: "unusable",
      what: faults.map(({ text }) => text).join("; "),
      expected: "the variables of a registry, by --config FILE or in the environment",
      cure: "roost backup --config /etc/roost/registry.env FOLDER"
    })
  }
  const { admin, cluster, database, nats, registry, replicas } = yield* Effect.orDie(
    Effect.provideService(Place, ConfigProvider.ConfigProvider, configured.provider)
  )
  const ids = (keys: typeof cluster) => keysOf(keys).map(({ id }) => id)
  return {
    database,
    replicas,
    keys: { cluster: ids(cluster), registry: ids(registry) },
    connect: connectAs({ ...nats, ...admin })
  } satisfies BackupPlace
})

const connectAs = (config: NatsConfig) =>
  clientsBeside("roost-backup", config, 1).pipe(
    Effect.map(([client]) => client!),
    Effect.mapError(
      ({ detail }) =>
        new Failure({
          outcome: "noConnection",
          what: `no nats-server of ${config.servers.join(", ")} can be used: ${detail}`,
          expected:
            "a running nats-server, and the login of who makes streams (ROOST_NATS_ADMIN_USER, ROOST_NATS_ADMIN_PASSWORD)"
        })
    )
  )

/** The environment, or what `npm start` keeps where the environment names no registry. */
const variablesHere = (): Readonly<Record<string, string | undefined>> => {
  const local = process.env["ROOST_CLUSTER_KEY"] === undefined ? findLocalRoost(process.env, process.cwd()) : undefined
  if (local?.natsUrl === undefined) return process.env
  const { clusterKey, registryKey } = JSON.parse(readFileSync(join(local.folder, "secrets.json"), "utf8")) as {
    readonly clusterKey: string
    readonly registryKey?: string
  }
  return {
    NATS_URL: local.natsUrl,
    ROOST_NATS_ADMIN_USER: "admin",
    ROOST_NATS_ADMIN_PASSWORD: local.natsPasswords["admin"],
    ROOST_CLUSTER_KEY: clusterKey,
    ROOST_REGISTRY_KEY: registryKey,
    ROOST_DATA_DIR: local.folder,
    ...process.env
  }
}

/**
 * Made anew after a restore, and wrong if it came back. A session may have been superseded or revoked since. Owners of partitions are
 * processes that run. CREDENTIAL tells sessions what changed, and none is left. The registry makes PROFILES of its database.
 */
const leftOut: ReadonlySet<string> = new Set(
  [Buckets.sessions, Buckets.leases, Buckets.profiles, Buckets.console]
    .map(({ name }) => `KV_${name}`)
    .concat(Streams.credential.name)
)

/** Streams, and buckets by the names of theirs. */
export const streamsOfBackup: ReadonlyArray<string> = keptOf(allStreams)
  .map(({ name }) => name)
  .filter((name) => !leftOut.has(name))

/** Every stream of Roost: none of them may be there with something in it when a backup is restored. */
export const streamsOfRoost: ReadonlyArray<string> = keptOf(allStreams).map(({ name }) => name)

/** A step of the work: its reason to fail as the person at the terminal reads it. */
export const step = <A>(doing: string, run: () => Promise<A>): Effect.Effect<A, Failure> =>
  Effect.tryPromise({
    try: run,
    catch: (error) => {
      if (error instanceof Failure) return error
      const why = error instanceof NatsError ? error.message : error instanceof Error ? error.message : String(error)
      return new Failure({ outcome: "roostFailed", what: `${doing}: ${why}` })
    }
  })
