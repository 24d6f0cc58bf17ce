import { spawnSync } from "node:child_process"
import { readdirSync } from "node:fs"
import { homedir } from "node:os"
import { join } from "node:path"
import { isExecutable, serverFolders } from "../program/FindProgram.ts"

/** A nats-server program. */
export interface Binary {
  readonly path: string
  /** As `2.10.27`. */
  readonly version: string
}

/**
 * Where `tools/dev/src/newerNatsServer.sh` puts nats-servers that are newer than the machine's, one folder per version:
 * `roost/nats-server/2.10.27/nats-server` of the user's cache.
 */
export const cacheDirectory = (): string =>
  join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "roost", "nats-server")

/** Every nats-server of the PATH and the cache, the newest first. */
export const binaries = (): ReadonlyArray<Binary> => {
  const found = new Map<string, Binary>()
  for (const folder of [...serverFolders(), ...cached()]) {
    const path = join(folder, "nats-server")
    if (found.has(path) || !isExecutable(path)) continue
    const version = versionOf(path)
    if (version !== undefined) found.set(path, { path, version })
  }
  return [...found.values()].sort((a, b) => compareVersions(b.version, a.version))
}

/** The version in `nats-server --version`; undefined for a program that says nothing of the kind. */
export const versionOf = (path: string): string | undefined => {
  const known = versions.get(path)
  if (known !== undefined) return known
  const { stdout } = spawnSync(path, ["--version"], { encoding: "utf8" })
  const version = /nats-server: v(\d+\.\d+\.\d+)/.exec(stdout ?? "")?.[1]
  if (version !== undefined) versions.set(path, version)
  return version
}

/** Negative if `a` is older than `b`. */
export const compareVersions = (a: string, b: string): number => {
  const [ours, theirs] = [a.split("."), b.split(".")]
  for (let i = 0; i < 3; i++) {
    const difference = Number(ours[i] ?? 0) - Number(theirs[i] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

/** Whether its configuration takes `sync_interval`. */
export const syncsByInterval = (version: string): boolean => compareVersions(version, "2.10.0") >= 0

/** Published security faults that a nats-server of this version has, each with the advisory's name. */
export const knownFaults = (version: string): ReadonlyArray<string> =>
  faults.filter(({ mended }) => !isMended(version, mended)).map(({ what }) => what)

/** Each minor version has its own mended release; minor versions newer than the last of them never had the fault. */
const isMended = (version: string, releases: ReadonlyArray<string>): boolean => {
  const ofSameMinor = releases.find((release) => minorOf(release) === minorOf(version))
  return compareVersions(version, ofSameMinor ?? releases.at(-1)!) >= 0
}

const minorOf = (version: string): string => version.split(".", 2).join(".")

/** From advisories.nats.io; the mended releases in ascending order. */
const faults: ReadonlyArray<{ readonly what: string; readonly mended: ReadonlyArray<string> }> = [
  { what: "clients may get in without a login (CVE-2023-47090)", mended: ["2.9.23", "2.10.2"] },
  { what: "any user of JetStream may purge and move streams (CVE-2025-30215)", mended: ["2.10.27", "2.11.1"] },
  {
    what: "who may restore one stream may write over others (GHSA-9983-vrx2-fg9c)",
    mended: ["2.11.15", "2.12.6"]
  },
  { what: "other servers' ports may be entered without a login (2026-16)", mended: ["2.11.16", "2.12.7", "2.14.0"] }
]

const cached = (): ReadonlyArray<string> => {
  try {
    return readdirSync(cacheDirectory()).map((version) => join(cacheDirectory(), version))
  } catch {
    return []
  }
}

const versions = new Map<string, string>()
