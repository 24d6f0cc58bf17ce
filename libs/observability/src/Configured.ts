import { isKnownVariable, Setting, unknownVariables } from "@roost/contracts"
import { Config, ConfigProvider } from "effect"
import { closeSync, openSync, readSync } from "node:fs"
import { resolve } from "node:path"
import { getSystemErrorMessage } from "node:util"
import { fileLengthMax, type FileVariable, parseConfiguration } from "./ConfigurationFile.ts"

/** A variable that is missing or wrong; undefined: something else than one variable. */
export interface Fault {
  readonly variable: string | undefined
  /** Says where it stands, what was expected and what came, of a secret nothing. */
  readonly text: string
}

export type Environment = Readonly<Record<string, string | undefined>>

/** All variables that a process was given, and where each stands. */
export interface Configured {
  /** Of the environment, else of the file. */
  readonly values: Environment
  readonly file: string | undefined
  /** `FILE:LINE` of a variable that the file gives, `--config` of the file's name; undefined: the environment does, or nobody. */
  readonly placeOf: (variable: string) => string | undefined
  /** Lines that can't be used, or that there is no such file. */
  readonly faults: ReadonlyArray<Fault>
  readonly provider: ConfigProvider.ConfigProvider
  /** Names that nothing reads, with their places and the names that were probably meant. */
  readonly unread: ReadonlyArray<string>
}

/** The variable that names the file. */
const fileVariable = "ROOST_CONFIG"

/** The file that `readConfigured` reads; a part of each app's settings for `--help` and `--print-config` alone. */
export const ConfigurationFile = Setting.optional(
  fileVariable,
  "a file of NAME=value lines, as --config names it; the environment goes before it",
  Config.NonEmptyString
)

/** The variables of the environment and of the file that `--config` (`given`) or `ROOST_CONFIG` names. One of both is the environment's. */
export const readConfigured = (given: string | undefined, env: Environment = process.env): Configured => {
  const path = given ?? env[fileVariable]
  if (path === undefined) return configuredBy(env)
  const file = resolve(path)
  const named = given === undefined ? fileVariable : "--config"
  const refuse = (why: string) => {
    const text = `${named}: expected a file of NAME=value lines; ${file}: ${why}`
    return configuredBy(env, { named, file, variables: [], faults: [{ variable: undefined, text }] })
  }
  let text
  try {
    text = readText(file)
  } catch (error) {
    const { errno, message } = error as NodeJS.ErrnoException
    return refuse(errno === undefined ? message : getSystemErrorMessage(errno))
  }
  if (text === undefined) return refuse(`it has more than ${fileLengthMax / 1024 ** 2} MiB`)
  const { faults, variables } = parseConfiguration(text)
  return configuredBy(env, {
    named,
    file,
    variables: variables.filter(({ name }) => name !== fileVariable),
    faults: [
      ...faults,
      ...variables
        .filter(({ name }) => name === fileVariable)
        .map(({ line, name }) => ({ line, variable: name, message: "expected none: a file can't name another" }))
    ].map(({ line, message, variable }) => ({
      variable,
      text: `${file}:${line}: ${variable === undefined ? "" : `${variable}: `}${message}`
    }))
  })
}

interface Read {
  /** By what it was named: `--config` or `ROOST_CONFIG`. */
  readonly named: string
  readonly file: string
  readonly variables: ReadonlyArray<FileVariable>
  readonly faults: ReadonlyArray<Fault>
}

/** The environment alone, or with what stands in a file. */
export const configuredBy = (env: Environment, read?: Read): Configured => {
  const inFile = new Map((read?.variables ?? []).map((variable) => [variable.name, variable]))
  const values: Record<string, string | undefined> = { ...env }
  for (const { name, value } of inFile.values()) values[name] ??= value
  const fromArguments = read !== undefined && read.named !== fileVariable
  if (fromArguments) values[fileVariable] = read.file
  const placeOf = (name: string) => {
    if (fromArguments && name === fileVariable) return read.named
    const line = env[name] === undefined ? inFile.get(name)?.line : undefined
    return line === undefined ? undefined : `${read!.file}:${line}`
  }
  const given = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined))
  const notKnown = new Map(unknownVariables(Object.keys(values)).map(({ name, nearest }) => [name, nearest]))
  for (const name of inFile.keys()) if (!isKnownVariable(name)) notKnown.set(name, notKnown.get(name))
  return {
    values,
    file: read?.file,
    placeOf,
    faults: read?.faults ?? [],
    provider: ConfigProvider.fromEnv({ env: given as Record<string, string> }),
    unread: [...notKnown].map(([name, nearest]) => {
      const about = [placeOf(name) ?? [], nearest === undefined ? [] : `meant: ${nearest}?`].flat().join("; ")
      return about === "" ? name : `${name} (${about})`
    })
  }
}

/** Undefined: it is too long. Throws where it can't be read; reads pipes, too, and never more than it may have. */
const readText = (file: string): string | undefined => {
  const descriptor = openSync(file, "r")
  try {
    const bytes = Buffer.alloc(fileLengthMax + 1)
    let length = 0
    for (let read = -1; read !== 0 && length < bytes.length; length += read) {
      read = readSync(descriptor, bytes, length, bytes.length - length, null)
    }
    if (length > fileLengthMax) return undefined
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(0, length))
  } catch (error) {
    if (error instanceof TypeError) throw new Error("it is no text in UTF-8", { cause: error })
    throw error
  } finally {
    closeSync(descriptor)
  }
}
