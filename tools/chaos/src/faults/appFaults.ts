import type { AppProcess } from "@roost/testkit"
import { setTimeout as sleep } from "node:timers/promises"

export const appFault = async (
  kind: "sigkill" | "pause" | "cut" | "drain",
  app: AppProcess,
  lastsMillis: number
): Promise<void> => {
  switch (kind) {
    case "sigkill":
      await app.stop("SIGKILL")
      await sleep(lastsMillis)
      app.start()
      return app.ready()
    case "pause":
      app.signal("SIGSTOP")
      await sleep(lastsMillis)
      return app.signal("SIGCONT")
    case "cut":
      for (const relay of app.relays) relay.cut()
      await sleep(lastsMillis)
      for (const relay of app.relays) relay.heal()
      return
    case "drain":
      return restart(app)
  }
}

export const restart = async (app: AppProcess): Promise<void> => {
  await drain(app)
  app.start()
  await app.ready()
}

/** SIGTERM; rejects if it has to be ended by force. */
export const drain = async (app: AppProcess): Promise<void> => {
  if (!(await app.stop("SIGTERM"))) throw new Error(`${app.name} did not end on SIGTERM:\n${app.output.slice(-2000)}`)
}
