import { Effect, Schema } from "effect"
import { createHash } from "node:crypto"
import {
  createReadStream,
  createWriteStream,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync
} from "node:fs"
import { once } from "node:events"
import { dirname, join } from "node:path"
import { createInterface } from "node:readline"
import { Failure } from "../Failure.ts"

const KeyId = Schema.String.check(Schema.isPattern(/^[0-9a-f]{8}$/))
const Count = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))

/** The contents of a backup, and how they are written down: the file `manifest.json`, which is written last. */
export const Manifest = Schema.Struct({
  format: Schema.Literal(1),
  /** Of the Roost that made it. */
  roost: Schema.String,
  startedAt: Schema.String,
  endedAt: Schema.String,
  /** The keys' ids; the keys themselves are nowhere in a backup. */
  keys: Schema.Struct({
    cluster: Schema.Array(KeyId),
    registry: Schema.Array(KeyId),
    /** Under which the secrets in the database are sealed. */
    secrets: Schema.Array(KeyId)
  }),
  database: Schema.Struct({
    kind: Schema.Literals(["sqlite", "postgres"]),
    schema: Count,
    /** Rows of each table. */
    rows: Schema.Record(Schema.String, Count)
  }),
  streams: Schema.Array(
    Schema.Struct({
      name: Schema.String,
      messages: Count,
      /** The last sequence of it. */
      last: Count,
      /** The settings and state that nats-server told, which it wants back. */
      snapshot: Schema.Struct({
        config: Schema.Record(Schema.String, Schema.Unknown),
        state: Schema.Record(Schema.String, Schema.Unknown)
      })
    })
  ),
  /** Every other file. */
  files: Schema.Record(Schema.String, Schema.Struct({ bytes: Count, sha256: Schema.String }))
})
export type Manifest = typeof Manifest.Type

const manifestName = "manifest.json"
export const fileOfTable = (table: string): string => `database/${table}.ndjson`
export const fileOfStream = (stream: string): string => `streams/${stream}.tar.s2`

type Files = Record<string, { readonly bytes: number; readonly sha256: string }>

/** Files that are being written into a new folder, with what a reader compares. */
export class BackupWriter {
  readonly folder: string
  readonly files: Files = {}

  /** Throws Failure where something is there already. */
  constructor(folder: string) {
    if (existsSync(folder) && readdirSync(folder).length > 0) {
      throw new Failure({
        outcome: "conflict",
        what: `${folder} has something in it`,
        expected: "a folder that is empty or not there yet",
        cure: `roost backup ${folder}-${new Date().toISOString().slice(0, 10)}`
      })
    }
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    this.folder = folder
  }

  /** Writes a file in parts; the reader of its parts is not faster than the disk. */
  async file<A>(path: string, work: (write: (part: Uint8Array | string) => Promise<void>) => Promise<A>): Promise<A> {
    const whole = join(this.folder, path)
    mkdirSync(dirname(whole), { recursive: true, mode: 0o700 })
    const sum = createHash("sha256")
    const stream = createWriteStream(whole, { mode: 0o600, flush: true })
    let failure: Error | undefined
    stream.on("error", (error) => (failure = error))
    let bytes = 0
    const write = async (part: Uint8Array | string) => {
      if (failure !== undefined) throw failure
      sum.update(part)
      bytes += Buffer.byteLength(part)
      if (!stream.write(part)) await Promise.race([once(stream, "drain"), once(stream, "close")])
    }
    const done = await work(write).finally(async () => {
      if (stream.closed) return
      stream.end()
      await once(stream, "close")
    })
    if (failure !== undefined) throw failure
    this.files[path] = { bytes, sha256: sum.digest("hex") }
    return done
  }

  /** Of something that turned out not to be there. */
  forget(path: string): void {
    rmSync(join(this.folder, path), { force: true })
    delete this.files[path]
  }

  /** With it the backup is whole. */
  finish(manifest: Omit<Manifest, "files">): void {
    const file = join(this.folder, manifestName)
    const text = JSON.stringify({ ...manifest, files: this.files }, undefined, 2)
    writeFileSync(`${file}.part`, `${text}\n`, { mode: 0o600, flush: true })
    renameSync(`${file}.part`, file)
  }
}

/** The manifest of a folder. */
export const readManifest = (folder: string): Effect.Effect<Manifest, Failure> =>
  Effect.try({
    try: () => JSON.parse(readFileSync(join(folder, manifestName), "utf8")) as { readonly format?: unknown },
    catch: (error) =>
      new Failure({
        outcome: "unusable",
        what: `${folder} is no whole backup: ${(error as Error).message}`,
        expected: "a folder that roost backup made to its end"
      })
  }).pipe(
    Effect.flatMap((document) => {
      const { format } = document
      return Effect.mapError(
        Schema.decodeUnknownEffect(Manifest)(document),
        (error) =>
          new Failure({
            outcome: "unusable",
            what:
              typeof format === "number" && format > 1
                ? `${folder} is a backup of format ${format}, and this roost knows formats up to 1`
                : `${join(folder, manifestName)} can't be read: ${error.message}`,
            cure:
              typeof format === "number" && format > 1
                ? "use the roost of the version that made it, or a newer one"
                : undefined
          })
      )
    })
  )

/** Compares each file with the manifest; `told` hears of each. Rejects with Failure. */
export const verifyFiles = async (folder: string, { files }: Manifest): Promise<void> => {
  for (const [path, { bytes, sha256 }] of Object.entries(files)) {
    const sum = createHash("sha256")
    let length = 0
    try {
      for await (const part of createReadStream(join(folder, path)) as AsyncIterable<Buffer>) {
        sum.update(part)
        length += part.length
      }
    } catch (error) {
      throw damaged(folder, path, (error as Error).message)
    }
    if (length !== bytes) throw damaged(folder, path, `it has ${length} bytes, the manifest says ${bytes}`)
    if (sum.digest("hex") !== sha256) throw damaged(folder, path, "its checksum is another one than the manifest's")
  }
}

const damaged = (folder: string, path: string, why: string) =>
  new Failure({
    outcome: "unusable",
    what: `${join(folder, path)} is damaged: ${why}`,
    expected: "every file as roost backup wrote it",
    cure: "copy the backup again, or use another one"
  })

export const readLines = (folder: string, path: string): AsyncIterable<string> =>
  createInterface({ input: createReadStream(join(folder, path)), crlfDelay: Infinity })

export const readParts = (folder: string, path: string): AsyncIterable<Uint8Array> =>
  createReadStream(join(folder, path), { highWaterMark: 1024 * 1024 })
