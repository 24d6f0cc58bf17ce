import { californium, goCoap, libcoap } from "./BuiltPeers.ts"
import type { Contestant } from "./Contestant.ts"
import { floor } from "./Floor.ts"
import { roostOf } from "./Roost.ts"

export const roost = roostOf(1)

/** In the order of the report's columns; the ratios are to the first that could be measured. */
export const contestants: ReadonlyArray<Contestant> = [californium, roost, goCoap, libcoap, floor]
