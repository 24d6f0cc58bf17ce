import * as access from "./access.ts"
import * as app from "./app.ts"
import * as device from "./device.ts"
import * as fleet from "./fleet.ts"
import * as operations from "./operations.ts"
import * as product from "./product.ts"
import * as sinks from "./sinks.ts"
import * as why from "./why.ts"

/** Everything that the console says, by the page that says it. */
export const en = { ...app, ...fleet, ...device, ...product, ...operations, ...sinks, ...why, ...access }

export type Messages = typeof en
