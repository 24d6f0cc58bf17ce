import type { ClientFailed, CoapSession, Suite } from "@roost/testkit"
import { Effect, type Scope } from "effect"
import { spawnSync } from "node:child_process"
import { join } from "node:path"
import { type LineProgram, lineSession, type LineSessionOptions } from "./LineClient.ts"

/** A client whose program is built from the sources beside this folder. */
export interface BuiltClient {
  readonly name: string
  /** The tools that it is built with, and their versions that do not do. */
  readonly tools: ReadonlyArray<BuildTool>
  readonly suites: ReadonlyArray<Suite>
  /** Suites with which it can use connection ids (RFC 9146). */
  readonly connectionIdSuites: ReadonlyArray<Suite>
  /** Whether it splits and joins bodies by itself (RFC 7959). */
  readonly blockwise: boolean
  /** Whether `-resume 1` makes it end its session and resume it before it is ready. */
  readonly resumes: boolean
  /** Undefined when it is built; else why it could not be, in one line or more. */
  readonly build: () => string | undefined
  readonly connect: (options: LineSessionOptions) => Effect.Effect<CoapSession, ClientFailed, Scope.Scope>
}

export interface BuildTool {
  readonly command: string
  readonly versionArgs: ReadonlyArray<string>
  /** Its first group is the version, as `major.minor`. */
  readonly version: RegExp
  readonly minimum: readonly [major: number, minor: number]
  readonly debianPackage: string
}

/** Why a client can't be built on this machine, or undefined if it can. */
export const lacking = (tool: BuildTool): string | undefined => {
  const { stdout, stderr, error } = spawnSync(tool.command, tool.versionArgs, { encoding: "utf8" })
  const minimum = tool.minimum.join(".")
  if (error !== undefined) return `missing: ${tool.command} ${minimum} or newer (Debian package ${tool.debianPackage})`
  const version = tool.version.exec(stdout + stderr)?.[1]
  const [major = 0, minor = 0] = (version ?? "").split(".").map(Number)
  const isEnough = major > tool.minimum[0] || (major === tool.minimum[0] && minor >= tool.minimum[1])
  return isEnough ? undefined : `too old: ${tool.command} ${version ?? "of unknown version"}, needed is ${minimum}`
}

/** Runs a build command in `folder`; its last lines if it fails. */
export const runBuild = (folder: string, command: string, args: ReadonlyArray<string>): string | undefined => {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd: folder,
    encoding: "utf8",
    timeout: buildMillisMax
  })
  if (status === 0) return undefined
  const output =
    error === undefined ? `${stdout}${stderr}`.trim().split("\n").slice(-linesShownMax).join("\n") : `${error}`
  return `${command} ${args.join(" ")} failed:\n${output}`
}

export const connectBy =
  (program: LineProgram) =>
  (options: LineSessionOptions): Effect.Effect<CoapSession, ClientFailed, Scope.Scope> =>
    lineSession(program, options)

export const interopFolder = join(import.meta.dirname, "../..")
/** Of this, dimpl took 280 s with Debian's compiler on two cores that had ten times their work. */
const buildMillisMax = 900_000
const linesShownMax = 15
