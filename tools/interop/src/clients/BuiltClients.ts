import { type BuiltClient, lacking } from "./BuiltClient.ts"
import { californium } from "./Californium.ts"
import { pion } from "./Pion.ts"

export const builtClients: ReadonlyArray<BuiltClient> = [californium, pion]

/** Why `client` can't run here, in one line; undefined if its tools are there. */
export const unavailable = (client: BuiltClient): string | undefined =>
  client.tools.map(lacking).find((reason) => reason !== undefined)
