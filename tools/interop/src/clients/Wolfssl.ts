import { dirname, join } from "node:path"
import { type BuiltClient, interopFolder, runBuild } from "./BuiltClient.ts"
import { cargo, cargoMetadata, gcc } from "./Cargo.ts"
import { buildOnce, cachedProgram } from "./ProgramCache.ts"
import { recordsBy } from "./RecordClient.ts"

const program = cachedProgram("wolfssl", join(interopFolder, "wolfssl"), ["Cargo.toml", "user_settings.h", "client.c"])
const name = "wolfSSL"

/** As much of wolfSSL as user_settings.h asks for. */
const sources = [
  ...["dtls", "internal", "keys", "ssl", "tls", "wolfio"].map((file) => `src/${file}.c`),
  ...["aes", "error", "hash", "hmac", "kdf", "logging", "memory", "random", "sha256", "wc_port"].map(
    (file) => `wolfcrypt/src/${file}.c`
  )
]

/**
 * wolfSSL 5.9.4, whose sources come in a crate, built as firmware does: Debian's has no CCM_8 with a pre-shared key. It is
 * under the GPL and linked into nothing but this program.
 */
export const wolfssl: BuiltClient = {
  name,
  // 1.85 reads the manifests; nothing is compiled.
  tools: [{ ...cargo, minimum: [1, 85] }, gcc],
  suites: ["CCM_8", "CBC_SHA256"],
  connectionIdSuites: ["CCM_8", "CBC_SHA256"],
  blockwise: false,
  resumes: true,
  build: () =>
    buildOnce(program, (folder) => {
      const fetched = cargoMetadata(folder, false)
      if ("reason" in fetched) return fetched
      const manifest = fetched.packages.find((crate) => crate.name === "wolfssl-sys")!.manifest_path
      const wolf = join(dirname(manifest), "wolfssl-src")
      const flags = ["-DWOLFSSL_USER_SETTINGS", "-I.", "-isystem", wolf]
      const files = ["client.c", ...sources.map((file) => join(wolf, file))]
      const reason = runBuild(folder, "gcc", [...flags, ...files, "-o", "client"])
      return reason === undefined ? { program: "client" } : { reason }
    }),
  connect: recordsBy({ name, command: program.path, args: [] })
}
