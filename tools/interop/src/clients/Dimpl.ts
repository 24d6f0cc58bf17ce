import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { type BuiltClient, interopFolder, runBuild } from "./BuiltClient.ts"
import { cargo, cargoMetadata, gcc } from "./Cargo.ts"
import { buildOnce, cachedProgram } from "./ProgramCache.ts"
import { recordsBy } from "./RecordClient.ts"

const program = cachedProgram("dimpl", join(interopFolder, "dimpl"), ["Cargo.toml", "crates.lock", "src/main.rs"])
const name = "dimpl"

/** dimpl 0.9.0, in Rust. The explicit nonces of its CCM_8 records are random. */
export const dimpl: BuiltClient = {
  name,
  tools: [cargo, gcc],
  suites: ["CCM_8"],
  connectionIdSuites: [],
  blockwise: false,
  resumes: false,
  build: () =>
    buildOnce(program, (folder) => {
      const reason =
        restoreLock(folder) ?? runBuild(folder, "cargo", ["build", "--quiet", "--locked", "--target-dir", "target"])
      return reason === undefined ? { program: "target/debug/dimpl-client" } : { reason }
    }),
  connect: recordsBy({ name, command: program.path, args: [] })
}

/** crates.lock is Cargo.lock without the lines that name a registry, as package-lock.json is; Cargo says which it uses. */
const restoreLock = (folder: string): string | undefined => {
  const own = cargoMetadata(folder, true)
  if ("reason" in own) return own.reason
  const registry = own.packages[0]!.dependencies[0]!.source
  const lock = readFileSync(join(folder, "crates.lock"), "utf8")
  writeFileSync(join(folder, "Cargo.lock"), lock.replaceAll(/^checksum/gm, `source = "${registry}"\nchecksum`))
  return undefined
}
