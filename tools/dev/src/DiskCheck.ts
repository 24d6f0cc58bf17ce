import { mkdirSync, statfsSync } from "node:fs"

/** Bytes that a start needs: the database, its log and the streams' first blocks. With less it would fail again and again. */
export const freeBytesMin = 32 * 1024 * 1024

/** Why nothing can be started on the disk that has `directory`; undefined if it has room. */
export const diskProblem = (directory: string): string | undefined => {
  const full = (what: string) =>
    `the disk of ${directory} is full (${what}); make room there, or set ROOST_DATA_DIR to a folder on another disk`
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOSPC") return full("no folder can be made")
    throw error
  }
  const { bavail, bsize } = statfsSync(directory)
  const free = bavail * bsize
  return free < freeBytesMin ? full(`${free} of the ${freeBytesMin} bytes that a start needs are free`) : undefined
}
