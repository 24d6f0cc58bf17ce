import { join, resolve } from "node:path"
import { pathToFileURL } from "node:url"

export const repositoryRoot = resolve(import.meta.dirname, "../../..")

/**
 * A module of a lib's folder `fuzz`. It is loaded by its path and not by the name of a package: it imports the lib's tests, so
 * the package can't export it. Types are structural for the same reason, as `FuzzTarget`.
 */
export const loadFuzzModule = async <Module>(root: string, project: string, file: string): Promise<Module> =>
  (await import(pathToFileURL(join(root, "libs", project, "fuzz", file)).href)) as Module
