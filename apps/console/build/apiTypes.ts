import { ConsoleApi, DownlinkApi, RegistryApi } from "@roost/contracts"
import { OpenApi } from "effect/http-api"
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import openapiTypescript, { astToString } from "openapi-typescript"

/** Writes `generated/`: what the registry's address answers, as types. The build needs none, so they are made where types are checked. */
const folder = join(import.meta.dirname, "../generated")
mkdirSync(folder, { recursive: true })
const specifications = {
  registry: OpenApi.fromApi(RegistryApi),
  downlink: OpenApi.fromApi(DownlinkApi),
  console: OpenApi.fromApi(ConsoleApi)
}
for (const [name, specification] of Object.entries(specifications)) {
  const text = astToString(await openapiTypescript(JSON.stringify(specification)))
  const file = join(folder, `${name}.d.ts`)
  // A file that is as it was keeps its time.
  if (textOf(file) !== text) writeFileSync(file, text)
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8")
  } catch {
    return undefined
  }
}
