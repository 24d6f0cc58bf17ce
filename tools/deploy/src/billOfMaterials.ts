import { build } from "esbuild"
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { apps, nodeVersion, repository } from "./imageRoot.ts"

/** A component of CycloneDX 1.6, as far as it is told. */
interface Component {
  readonly type: "library" | "platform"
  readonly name: string
  readonly version: string
  readonly purl: string
  readonly licenses?: ReadonlyArray<{ readonly expression: string }>
}

/**
 * A bill of materials (CycloneDX). It has the npm packages in the bundles of all apps, by the bundler's word, Node, and
 * Debian's packages of the base image.
 */
export const billOfMaterials = async (version: string, debianPackages: ReadonlyArray<Component>): Promise<string> => {
  const node: Component = {
    type: "platform",
    name: "node",
    version: nodeVersion(),
    purl: `pkg:generic/node@${nodeVersion()}`
  }
  const bill = {
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: { component: { type: "application", name: "roost", version, purl: `pkg:generic/roost@${version}` } },
    components: [...(await bundledPackages()), node, ...debianPackages]
  }
  return `${JSON.stringify(bill, null, 2)}\n`
}

const bundledPackages = async (): Promise<ReadonlyArray<Component>> => {
  const entryPoints = apps.map((app) => join(repository, "apps", app, "src/main.ts"))
  const { metafile } = await build({
    absWorkingDir: repository,
    entryPoints: [...entryPoints, join(repository, "libs/raw-script/src/ScriptWorker.ts")],
    bundle: true,
    write: false,
    metafile: true,
    platform: "node",
    format: "esm",
    outdir: "dist",
    logLevel: "error"
  })
  const folders = Object.keys(metafile.inputs).flatMap((file) => packageFolder(file) ?? [])
  return [...new Set(folders)].toSorted().flatMap((folder) => {
    const { license, name, version } = JSON.parse(readFileSync(join(repository, folder, "package.json"), "utf8"))
    // Our own packages have no version of their own.
    if (String(name).startsWith("@roost/")) return []
    const purl = `pkg:npm/${String(name).replace("@", "%40")}@${version}`
    const licenses = typeof license === "string" ? { licenses: [{ expression: license }] } : {}
    return [{ type: "library" as const, name, version, purl, ...licenses }]
  })
}

/** `node_modules/@scope/name` of a file in it; a package inside a package is one of its own. */
const packageFolder = (file: string): string | undefined => {
  const folder = /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0]
  return folder !== undefined && existsSync(join(repository, folder, "package.json")) ? folder : undefined
}

/** `shown`: lines of name, version and architecture with tabs between, as `dpkg-query --show` writes them. */
export const debianComponents = (shown: string): ReadonlyArray<Component> =>
  shown
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const [name = "", version = "", architecture = ""] = line.split("\t")
      const purl = `pkg:deb/debian/${name}@${encodeURIComponent(version)}?arch=${architecture}`
      return { type: "library", name, version, purl }
    })
