import { createHash } from "node:crypto"
import { copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs"
import { homedir, tmpdir } from "node:os"
import { join } from "node:path"

/** A program that is kept in the user's cache, where every clone finds it, under the content of what it is built from. */
export interface CachedProgram {
  readonly path: string
  readonly folder: string
  /** Names in `folder`; nothing else of it is there when it is built. */
  readonly sources: ReadonlyArray<string>
}

export const cachedProgram = (name: string, folder: string, sources: ReadonlyArray<string>): CachedProgram => {
  const hash = createHash("sha256")
  for (const source of sources) hash.update(readFileSync(join(folder, source)))
  return { path: join(cacheFolder, `${name}-${hash.digest("hex").slice(0, 16)}`), folder, sources }
}

/**
 * Lets `build` make the file `program` in a copy of the sources, unless it was built before. Undefined when it is there;
 * else why it is not.
 */
export const buildOnce = (
  { path, folder, sources }: CachedProgram,
  build: (folder: string) => { readonly program: string } | { readonly reason: string }
): string | undefined => {
  if (existsSync(path)) return undefined
  const copy = mkdtempSync(join(tmpdir(), "roost-build-"))
  try {
    for (const source of sources) cpSync(join(folder, source), join(copy, source))
    const built = build(copy)
    if ("reason" in built) return built.reason
    mkdirSync(cacheFolder, { recursive: true })
    // Whole or not at all: two runs may be at it.
    const unfinished = `${path}.new.${process.pid}`
    copyFileSync(join(copy, built.program), unfinished)
    renameSync(unfinished, path)
    return undefined
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
}

const cacheFolder = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "roost/interop")
