import { version } from "@roost/observability"
import { execFileSync } from "node:child_process"
import { mkdirSync } from "node:fs"
import { join } from "node:path"
import { type Architecture, makeImageRoot, repository } from "./imageRoot.ts"
import { goTool } from "./Toolbox.ts"

/** Builds the package of Debian from the bundles that `nx build` made; answers its file. */
export const buildPackage = (architecture: Architecture): string => {
  makeImageRoot(join(repository, "dist/image"), architecture)
  const file = join(repository, `dist/roost_${version}_${architecture}.deb`)
  mkdirSync(join(repository, "dist"), { recursive: true })
  const options = ["package", "--config", "deploy/deb/nfpm.yaml", "--packager", "deb", "--target", file]
  execFileSync(goTool("nfpm"), options, {
    cwd: repository,
    env: { ...process.env, ROOST_ARCHITECTURE: architecture, ROOST_VERSION: version, SOURCE_DATE_EPOCH: "0" },
    stdio: ["ignore", "ignore", "inherit"]
  })
  return file
}
