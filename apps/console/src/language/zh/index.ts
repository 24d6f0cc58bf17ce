import type { Messages } from "../en/index.ts"
import * as app from "./app.ts"
import * as device from "./device.ts"
import * as fleet from "./fleet.ts"

export const zh: Messages = { ...app, ...fleet, ...device }
