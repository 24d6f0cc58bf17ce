import type { Placements } from "../Placement.ts"
import { accessPlacements } from "./AccessPlacements.ts"
import { commandsPlacements } from "./CommandsPlacements.ts"
import { deliveriesPlacements } from "./DeliveriesPlacements.ts"
import { devicesPlacements } from "./DevicesPlacements.ts"
import { diagnosisPlacements } from "./DiagnosisPlacements.ts"
import { productsPlacements } from "./ProductsPlacements.ts"

/** Of every operation. One that is not here stands under its group, by its id. */
export const placements: Placements = {
  ...productsPlacements,
  ...devicesPlacements,
  ...commandsPlacements,
  ...diagnosisPlacements,
  ...deliveriesPlacements,
  ...accessPlacements
}
