import { californium, goCoap, libcoap } from "./BuiltPeers.ts"
import type { Contestant } from "./Contestant.ts"
import { floor } from "./Floor.ts"
import { roostOf } from "./Roost.ts"
import { started } from "./Started.ts"
import { linkedFloor, storingFloor } from "./StoringFloors.ts"

export const roost = roostOf(1)

/** In the order of the report's columns; the ratios are to the first that could be measured. */
export const contestants: ReadonlyArray<Contestant> = [californium, roost, goCoap, libcoap, floor]

/** Of the rows of fixed rates, beside those of the other rows: Roost as it is started, and the floors that store. */
export const ratesOnly = (taking: ReadonlyArray<Contestant>): ReadonlyArray<Contestant> => [
  ...(taking.includes(floor) ? [linkedFloor, storingFloor] : []),
  ...(taking.includes(roost) ? [started] : [])
]

export const ratesContestants = (taking: ReadonlyArray<Contestant>): ReadonlyArray<Contestant> => [
  ...ratesOnly(taking),
  ...taking.filter((contestant) => contestant === californium || contestant === floor)
]
