import { type Row, lineOfRow, openTables, tablesOf } from "@roost/device-registry"
import { backUpStream } from "@roost/nats"
import { version } from "@roost/observability"
import { createInbox, type NatsConnection } from "@nats-io/transport-node"
import { inboxPrefixOf } from "@roost/contracts"
import { Effect, Option } from "effect"
import { Argument, Command } from "effect/cli"
import { resolve } from "node:path"
import { printAnswer } from "../output/print.ts"
import { Output, Printer } from "../output/Printer.ts"
import { BackupWriter, fileOfStream, fileOfTable, type Manifest } from "./BackupFolder.ts"
import { type BackupPlace, backupPlace, placeFlags, step, streamsOfBackup } from "./BackupPlace.ts"

export const backupCommand = Command.make(
  "backup",
  {
    folder: Argument.String("folder").pipe(Argument.withDescription("a new or empty folder for it")),
    ...placeFlags
  },
  Effect.fnUntraced(function* ({ config, folder }) {
    const printer = yield* Printer
    const place = yield* backupPlace(Option.getOrUndefined(config))
    const startedAt = new Date().toISOString()
    const manifest = yield* Effect.scoped(
      Effect.gen(function* () {
        const client = yield* place.connect
        const writer = yield* step("making the folder", async () => new BackupWriter(resolve(folder)))
        // Streams first: a registry that goes on from there hears again of what its database has already, and misses nothing.
        const streams: Array<Manifest["streams"][number]> = []
        for (const name of streamsOfBackup) {
          const stream = yield* step(`reading ${name}`, () => saveStream(client, writer, name))
          if (stream === undefined) yield* printer.tell(`${name}: there is none`)
          else {
            streams.push(stream)
            yield* printer.tell(`${name}: ${stream.messages} messages, ${sizeOf(writer, fileOfStream(name))}`)
          }
        }
        const saved = yield* step("reading the database", () => saveDatabase(place, writer))
        for (const [table, rows] of Object.entries(saved.database.rows)) {
          yield* printer.tell(`${table}: ${rows} rows, ${sizeOf(writer, fileOfTable(table))}`)
        }
        const manifest: Omit<Manifest, "files"> = {
          format: 1,
          roost: version,
          startedAt,
          endedAt: new Date().toISOString(),
          keys: { ...place.keys, secrets: saved.keyIds },
          database: saved.database,
          streams
        }
        yield* step("writing the manifest", async () => writer.finish(manifest))
        return manifest
      })
    )
    if ((yield* Output) !== "table") return yield* printAnswer(manifest)
    const keys = [...new Set([...manifest.keys.cluster, ...manifest.keys.registry, ...manifest.keys.secrets])]
    yield* printer.tell(
      `${folder} is whole. It is worth nothing without the keys ${keys.join(", ")}: keep them apart from it`
    )
  })
).pipe(
  Command.withDescription(
    "Save what a Roost keeps into a folder, while it runs: the registry's database, and the streams and buckets of nats-server but sessions. " +
      "Keys are not in it, only their ids. manifest.json, written last, has versions, times and checksums."
  ),
  Command.withShortDescription("Save what a Roost keeps into a folder, while it runs"),
  Command.withExamples([
    {
      command: "roost backup --config /etc/roost/registry.env /var/backups/roost",
      description: "By the registry's variables"
    },
    { command: "roost backup backup", description: "The Roost of npm start" }
  ])
)

const sizeOf = ({ files }: BackupWriter, path: string): string => `${((files[path]?.bytes ?? 0) / 1e6).toFixed(1)} MB`

const saveStream = async (client: NatsConnection, writer: BackupWriter, name: string) => {
  const path = fileOfStream(name)
  const snapshot = await writer.file(path, (write) =>
    backUpStream(client, name, createInbox(inboxPrefixOf("roost-backup")), write)
  )
  if (snapshot === undefined) return void writer.forget(path)
  const { config, state } = snapshot
  return {
    name,
    messages: state.messages,
    last: state.last_seq,
    snapshot: { config: { ...config }, state: { ...state } }
  } as unknown as Manifest["streams"][number]
}

const saveDatabase = async ({ database }: BackupPlace, writer: BackupWriter) => {
  await using tables = await openTables(database, false)
  const rows: Record<string, number> = {}
  const keyIds = new Set<string>()
  for (const table of tablesOf(tables.schema)) {
    rows[table] = 0
    await writer.file(fileOfTable(table), async (write) => {
      for await (const some of tables.rows(table)) {
        rows[table] = rows[table]! + some.length
        for (const row of some) for (const id of keyIdsOf(row)) keyIds.add(id)
        await write(some.map((row) => `${lineOfRow(row)}\n`).join(""))
      }
    })
  }
  return {
    keyIds: [...keyIds],
    database: { kind: "url" in database ? ("postgres" as const) : ("sqlite" as const), schema: tables.schema, rows }
  }
}

const keyIdsOf = (row: Row): ReadonlyArray<string> =>
  [row["secret_key_id"], row["previous_secret_key_id"]].filter((id) => typeof id === "string")
