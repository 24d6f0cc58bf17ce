import { writeFileSync } from "node:fs"
import { pageOf } from "./Page.ts"
import { roost } from "./RoostCommand.ts"

writeFileSync(new URL("../../../docs/cli.md", import.meta.url), pageOf(roost))
