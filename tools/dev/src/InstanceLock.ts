import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"

/** One `npm start` per data directory: two would write the same database. */
export const takeLock = (dataDirectory: string): { readonly release: () => void } | { readonly heldBy: number } => {
  mkdirSync(dataDirectory, { recursive: true, mode: 0o700 })
  const file = join(dataDirectory, "start.pid")
  for (;;) {
    try {
      writeFileSync(file, String(process.pid), { flag: "wx" })
      return { release: () => rmSync(file, { force: true }) }
    } catch {
      const heldBy = Number(readFileSync(file, "utf8"))
      if (isAlive(heldBy)) return { heldBy }
      // Left behind by one that was killed.
      rmSync(file, { force: true })
    }
  }
}

const isAlive = (pid: number): boolean => {
  if (!Number.isInteger(pid) || pid <= 0) return false
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
