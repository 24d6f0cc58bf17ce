import { type BuiltClient, lacking } from "./BuiltClient.ts"
import { californium } from "./Californium.ts"
import { dimpl } from "./Dimpl.ts"
import { pion } from "./Pion.ts"
import { wolfssl } from "./Wolfssl.ts"

export const builtClients: ReadonlyArray<BuiltClient> = [californium, pion, wolfssl, dimpl]

/** Why `client` can't run here, in one line; undefined if its tools are there. */
export const unavailable = (client: BuiltClient): string | undefined =>
  client.tools.map(lacking).find((reason) => reason !== undefined)
