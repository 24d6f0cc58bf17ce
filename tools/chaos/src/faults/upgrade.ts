import { type AppName, appFile, type AppProcess, type RoostProcesses } from "@roost/testkit"
import { setTimeout as sleep } from "node:timers/promises"
import { drain } from "./appFaults.ts"

/** The order of docs/operations.md: who makes streams and tables comes first. */
const order: ReadonlyArray<AppName> = ["registry", "session-actors", "downlink-queue", "udp-edge"]
/** Both versions side by side, between two apps. */
const besideMillis = 2_000

/** One process after another, from one version to the other, until `signal`; `each` is told of each. */
export const roll = async (
  { apps }: RoostProcesses,
  fileOf: (app: AppName) => string,
  each: (app: AppProcess, work: () => Promise<void>) => Promise<void>,
  signal: AbortSignal,
  of: ReadonlyArray<AppName> = order
): Promise<void> => {
  for (const name of of) {
    for (const app of apps.filter(({ app }) => app === name)) {
      if (signal.aborted) return
      await each(app, async () => {
        await drain(app)
        app.start(fileOf(app.app))
        await app.ready()
      })
      await sleep(besideMillis)
    }
  }
}

/** This version's. */
export const fileOfThis = (app: AppName): string => appFile(app)

/** A database that a newer registry has touched is not opened by an older one. */
export const mayGoBack = order.filter((app) => app !== "registry")
