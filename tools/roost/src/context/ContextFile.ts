import { Schema } from "effect"
import { chmodSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs"
import { homedir } from "node:os"
import { dirname, join } from "node:path"
import { Failure } from "../Failure.ts"

/** A Roost by name: the address of its registry and the token for it. */
const NamedContext = Schema.Struct({
  url: Schema.String,
  token: Schema.String
})
export type NamedContext = typeof NamedContext.Type

const Contexts = Schema.Struct({
  current: Schema.optionalKey(Schema.String),
  contexts: Schema.Record(Schema.String, NamedContext)
})
export type Contexts = typeof Contexts.Type

type Environment = Readonly<Record<string, string | undefined>>

/** `$XDG_CONFIG_HOME/roost/contexts.json`, `~/.config/…` without it. */
export const contextsFile = (env: Environment): string =>
  join(env["XDG_CONFIG_HOME"] || join(env["HOME"] || homedir(), ".config"), "roost", "contexts.json")

const none: Contexts = { contexts: {} }

/** The contexts that are kept; none where there is no file. Throws a `Failure` where the file can't be used. */
export const readContexts = (env: Environment): Contexts => {
  const file = contextsFile(env)
  let text: string
  try {
    text = readFileSync(file, "utf8")
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return none
    throw unusable(file, String(error))
  }
  try {
    return Schema.decodeUnknownSync(Schema.fromJsonString(Contexts))(text)
  } catch (error) {
    throw unusable(file, (error as Error).message)
  }
}

/** Readable by its owner alone; a reader sees the file before or after, never a part of it. */
export const writeContexts = (env: Environment, contexts: Contexts): void => {
  const file = contextsFile(env)
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  const next = `${file}.${process.pid}`
  writeFileSync(next, `${JSON.stringify(contexts, null, 2)}\n`, { mode: 0o600 })
  chmodSync(next, 0o600)
  renameSync(next, file)
}

/** Whether others than its owner may read a file; false where it is not there. */
export const isOpenToOthers = (file: string): boolean => {
  try {
    return (statSync(file).mode & 0o077) !== 0
  } catch {
    return false
  }
}

const unusable = (file: string, reason: string): Failure =>
  new Failure({
    outcome: "unusable",
    what: `${file} can't be read: ${reason}`,
    expected: `{"current":NAME,"contexts":{NAME:{"url":…,"token":…}}}`,
    cure: "correct or remove it, then roost context add"
  })
