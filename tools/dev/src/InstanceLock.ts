import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"

export interface InstanceLock {
  /** The `npm start` before this one on the same data did not end by itself: its processes may still be about to end. */
  readonly formerWasKilled: boolean
  readonly release: () => void
}

/**
 * One `npm start` per data directory: two would write the same database. The kernel holds the lock for the process, as
 * SQLite's lock on a file of its own. So it ends with its holder however that dies; a pid in a file would go on to name
 * whatever process gets that number next. `start.pid` is for people, and says that the former start was killed.
 */
export const takeLock = (dataDirectory: string): InstanceLock | { readonly heldBy: number | undefined } => {
  mkdirSync(dataDirectory, { recursive: true, mode: 0o700 })
  const pidFile = join(dataDirectory, "start.pid")
  const database = new DatabaseSync(join(dataDirectory, "start.lock"))
  const former = pidIn(pidFile)
  try {
    database.exec("BEGIN EXCLUSIVE")
  } catch (error) {
    database.close()
    if (isBusy(error)) return { heldBy: former }
    throw error
  }
  writeFileSync(pidFile, String(process.pid))
  return {
    formerWasKilled: former !== undefined,
    release: () => {
      rmSync(pidFile, { force: true })
      database.close()
    }
  }
}

const isBusy = (error: unknown): boolean => error instanceof Error && "errcode" in error && error.errcode === sqliteBusy

/** SQLITE_BUSY: another connection, of any process, holds a lock on the file. */
const sqliteBusy = 5

const pidIn = (file: string): number | undefined => {
  try {
    const pid = Number(readFileSync(file, "utf8"))
    return Number.isInteger(pid) && pid > 0 ? pid : undefined
  } catch {
    return undefined
  }
}
