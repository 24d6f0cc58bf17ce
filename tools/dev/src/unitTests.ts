import { existsSync, globSync, readFileSync } from "node:fs"
import { posix } from "node:path"

/** Modules by which a test reaches other processes or the network; esbuild is a process of its own. */
const reachesOut =
  /^(?:@roost\/testkit|@effect\/platform-node|@nats-io\/transport-node|esbuild|node:(?:child_process|cluster|dgram|http|https|net|tls))(?:\/|$)/
const importPattern = /(?:\bfrom|\bimport\(|(?:^|\n)import)\s*["']([^"'\n]+)["']/g

/**
 * The tests that start no process and open no socket, by their imports. Neither a test nor a file of its project that it
 * imports, over any number of steps, names a module of `reachesOut`. Imports of types count too, which errs on the safe side.
 * Paths from `root`, with `/`.
 */
export const unitTestsOf = (root: string): ReadonlyArray<string> => {
  const files = globSync("{apps,libs,tools}/*/test/**/*.test.ts", { cwd: root, exclude: ["**/node_modules/**"] })
  return files.map((path) => path.replaceAll("\\", "/")).filter((path) => !reaches(root, path, new Set()))
}

const reaches = (root: string, path: string, seen: Set<string>): boolean => {
  if (seen.has(path)) return false
  seen.add(path)
  const source = readFileSync(posix.join(root, path), "utf8")
  for (const [, specifier = ""] of source.matchAll(importPattern)) {
    if (reachesOut.test(specifier)) return true
    const imported = posix.join(posix.dirname(path), specifier)
    if (!/^\.{1,2}\/.*\.ts$/.test(specifier) || !existsSync(posix.join(root, imported))) continue
    if (reaches(root, imported, seen)) return true
  }
  return false
}
