import { jetstreamManager } from "@nats-io/jetstream"
import type { NatsConnection } from "@nats-io/transport-node"
import { Subjects } from "@roost/contracts"
import { type Row, newestSchema, openTables, rowOfLine, rowsAtOnce, type Tables } from "@roost/device-registry"
import { restoreStream, type StreamBackup } from "@roost/nats"
import { Effect, Option } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { resolve } from "node:path"
import { Failure } from "../Failure.ts"
import { Printer } from "../output/Printer.ts"
import {
  fileOfStream,
  fileOfTable,
  type Manifest,
  readLines,
  readManifest,
  readParts,
  verifyFiles
} from "./BackupFolder.ts"
import { type BackupPlace, backupPlace, placeFlags, step, streamsOfRoost } from "./BackupPlace.ts"

/** Each app tells of itself once a second. */
const listenMillis = 2_500

export const restoreCommand = Command.make(
  "restore",
  {
    folder: Argument.String("folder").pipe(Argument.withDescription("a folder that roost backup made")),
    ...placeFlags,
    force: Flag.Boolean("force").pipe(
      Flag.withDescription("delete what the database, the streams and buckets have now"),
      Flag.withDefault(false)
    )
  },
  Effect.fnUntraced(function* ({ config, folder: given, force }) {
    const printer = yield* Printer
    const folder = resolve(given)
    const manifest = yield* readManifest(folder)
    const place = yield* backupPlace(Option.getOrUndefined(config))
    yield* refuseOtherKeys(manifest, place)
    yield* refuseNewerSchema(manifest)
    yield* step("reading the backup", () => verifyFiles(folder, manifest))
    yield* printer.tell(
      `${folder}: of ${manifest.startedAt}, by roost ${manifest.roost}; every file is as it was written`
    )
    yield* Effect.scoped(
      Effect.gen(function* () {
        const client = yield* place.connect
        yield* step("looking for apps that run", () => refuseRunning(client))
        const tables = yield* Effect.acquireRelease(
          step("opening the database", () => openTables(place.database, true)),
          (tables) => Effect.promise(() => tables[Symbol.asyncDispose]())
        )
        const there = yield* step("looking at what is there", () => whatIsThere(client, tables))
        if (there.length > 0 && !force) {
          return yield* new Failure({
            outcome: "conflict",
            what: `there is something already: ${there.join(", ")}`,
            expected: "an empty database, and a nats-server without streams of Roost",
            cure: "restore to another place; --force deletes what is there"
          })
        }
        yield* step("deleting the streams of before", () => deleteStreams(client))
        for (const stream of manifest.streams) {
          yield* step(`restoring ${stream.name}`, () => putBack(client, folder, stream, place.replicas))
          yield* printer.tell(`${stream.name}: ${stream.messages} messages`)
        }
        yield* step("restoring the database", () => restoreDatabase(tables, folder, manifest))
        for (const [table, rows] of Object.entries(manifest.database.rows))
          yield* printer.tell(`${table}: ${rows} rows`)
      })
    )
    yield* printer.tell("restored. Start the registry, then the other apps; each device handshakes once")
  })
).pipe(
  Command.withDescription(
    "Put a backup of roost backup back, while nats-server runs and no app does: into an empty database and a nats-server without streams of Roost. " +
      "Its keys have to be those of then, or have them as …_PREVIOUS. A backup of SQLite can be restored to PostgreSQL, and the other way. " +
      "Sessions are none in it: each device handshakes once."
  ),
  Command.withShortDescription("Put a backup back"),
  Command.withExamples([
    {
      command: "roost restore --config /etc/roost/registry.env /var/backups/roost",
      description: "By the registry's variables"
    }
  ])
)

/** Secrets of a key that nobody has open for nobody: no device could come in. */
const refuseOtherKeys = ({ keys }: Manifest, place: BackupPlace) => {
  const given = new Set([...place.keys.registry, ...place.keys.cluster])
  const missing = [...new Set([...keys.secrets, keys.registry[0] ?? []].flat())].filter((id) => !given.has(id))
  if (missing.length === 0) return Effect.void
  return new Failure({
    outcome: "conflict",
    what: `the backup is sealed under the key ${missing.join(", ")}; those here are ${[...given].join(", ")}`,
    expected: "the ROOST_REGISTRY_KEY and ROOST_CLUSTER_KEY of the backup's day",
    cure: "give that key as ROOST_REGISTRY_KEY_PREVIOUS if there is a newer one"
  }).pipe((failure) => Effect.fail(failure))
}

const refuseNewerSchema = ({ database: { schema }, roost }: Manifest) =>
  schema <= newestSchema
    ? Effect.void
    : Effect.fail(
        new Failure({
          outcome: "conflict",
          what: `the backup's database has schema ${schema}, and this roost knows up to ${newestSchema}`,
          cure: `use the roost of version ${roost}, or a newer one`
        })
      )

/** An app that goes on meanwhile would write into what is being restored, or make the streams itself. */
const refuseRunning = async (client: NatsConnection): Promise<void> => {
  const running = new Set<string>()
  const heard = client.subscribe(Subjects.summary("*"), {
    callback: (_error, message) => void running.add(message.subject.split(".").at(-1)!)
  })
  await new Promise((resume) => setTimeout(resume, listenMillis))
  heard.unsubscribe()
  if (running.size === 0) return
  throw new Failure({
    outcome: "conflict",
    what: `apps of this nats-server run: ${[...running].join(", ")}`,
    expected: "nats-server alone",
    cure: "systemctl stop 'roost@*'"
  })
}

const whatIsThere = async (client: NatsConnection, tables: Tables): Promise<ReadonlyArray<string>> => {
  const found: Array<string> = []
  const products = tables.schema === 0 ? 0 : await tables.count("products")
  if (products > 0) found.push(`${products} products`)
  for await (const { config, state } of (await jetstreamManager(client)).streams.list()) {
    if (streamsOfRoost.includes(config.name) && state.messages > 0)
      found.push(`${config.name} with ${state.messages} messages`)
  }
  return found
}

/** Empty ones, too: the server makes each of its snapshot. */
const deleteStreams = async (client: NatsConnection): Promise<void> => {
  const { streams } = await jetstreamManager(client)
  const names: Array<string> = []
  for await (const name of streams.names()) if (streamsOfRoost.includes(name)) names.push(name)
  for (const name of names) await streams.delete(name)
}

const putBack = async (
  client: NatsConnection,
  folder: string,
  { name, snapshot }: Manifest["streams"][number],
  replicas: number
): Promise<void> => {
  const { config, state } = snapshot as unknown as StreamBackup
  // A server alone takes no stream of three copies.
  const here = { ...config, num_replicas: replicas }
  await restoreStream(client, { config: here, state }, readParts(folder, fileOfStream(name)))
}

const restoreDatabase = (tables: Tables, folder: string, { database }: Manifest): Promise<void> =>
  tables.fill(database.schema, (table) => rowsOf(folder, table))

const rowsOf = async function* (folder: string, table: string): AsyncGenerator<ReadonlyArray<Row>> {
  let rows: Array<Row> = []
  for await (const line of readLines(folder, fileOfTable(table))) {
    rows.push(rowOfLine(line))
    if (rows.length < rowsAtOnce) continue
    yield rows
    rows = []
  }
  if (rows.length > 0) yield rows
}
