import type { Messages } from "../en/index.ts"
import * as access from "./access.ts"
import * as app from "./app.ts"
import * as device from "./device.ts"
import * as fleet from "./fleet.ts"
import * as operations from "./operations.ts"
import * as product from "./product.ts"
import * as sinks from "./sinks.ts"
import * as why from "./why.ts"

export const zh: Messages = { ...app, ...fleet, ...device, ...product, ...operations, ...sinks, ...why, ...access }
