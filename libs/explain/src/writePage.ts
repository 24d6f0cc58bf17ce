import { writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { refusalsMarkdown } from "./RefusalsPage.ts"

writeFileSync(fileURLToPath(new URL("../../../docs/refusals.md", import.meta.url)), refusalsMarkdown())
