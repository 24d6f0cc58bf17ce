import { Schema } from "effect"
import { spawnSync } from "node:child_process"
import type { BuildTool } from "./BuiltClient.ts"

/** Debian 12's `cargo` is 1.63's; its `cargo-web`, which browsers are built with, is new enough. */
export const cargo: BuildTool = {
  command: "cargo",
  versionArgs: ["--version"],
  version: /cargo (\d+\.\d+)/,
  minimum: [1, 89],
  debianPackage: "cargo-web"
}

export const gcc: BuildTool = {
  command: "gcc",
  versionArgs: ["--version"],
  version: /gcc \(.*\) (\d+\.\d+)/,
  minimum: [10, 0],
  debianPackage: "build-essential"
}

const Metadata = Schema.fromJsonString(
  Schema.Struct({
    packages: Schema.Array(
      Schema.Struct({
        name: Schema.String,
        manifest_path: Schema.String,
        dependencies: Schema.Array(Schema.Struct({ name: Schema.String, source: Schema.NullOr(Schema.String) }))
      })
    )
  })
)

/** Cargo's knowledge of the package in `folder`, and of all that it depends on, which it fetches, unless `alone`. */
export const cargoMetadata = (folder: string, alone: boolean): typeof Metadata.Type | { readonly reason: string } => {
  const args = ["metadata", "--format-version=1", ...(alone ? ["--no-deps"] : [])]
  const { status, stdout, stderr, error } = spawnSync("cargo", args, {
    cwd: folder,
    encoding: "utf8",
    timeout: fetchMillisMax,
    maxBuffer: outputBytesMax
  })
  if (status !== 0) return { reason: `cargo ${args.join(" ")} failed:\n${error ?? stderr.trim()}` }
  return Schema.decodeSync(Metadata)(stdout)
}

const fetchMillisMax = 120_000
const outputBytesMax = 64 * 1024 * 1024
