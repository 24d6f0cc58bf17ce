import * as app from "./app.ts"
import * as device from "./device.ts"
import * as fleet from "./fleet.ts"

/** Everything that the console says, by the page that says it. */
export const en = { ...app, ...fleet, ...device }

export type Messages = typeof en
