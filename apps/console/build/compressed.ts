import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { brotliCompressSync, constants, gzipSync } from "node:zlib"
import type { Plugin } from "vite"

/** Bytes from which a compressed form pays. */
const bytesMin = 1024

/** Beside each file of a build its compressed forms, `.br` and `.gz`, which the registry serves to who takes them. */
export const compressed = (): Plugin => {
  let folder = ""
  return {
    name: "roost:compressed",
    apply: "build",
    configResolved: ({ build, root }) => void (folder = resolve(root, build.outDir)),
    closeBundle: () => {
      for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
        if (!/\.(?:html|js|css|svg)$/.test(name)) continue
        const file = join(folder, name)
        const bytes = readFileSync(file)
        if (bytes.length < bytesMin) continue
        writeFileSync(`${file}.gz`, gzipSync(bytes, { level: 9 }))
        writeFileSync(
          `${file}.br`,
          brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } })
        )
      }
    }
  }
}
