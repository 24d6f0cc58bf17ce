import type { RoostProcesses } from "@roost/testkit"
import { randomBytes } from "node:crypto"
import { setTimeout as sleep } from "node:timers/promises"
import type { InjectedFault } from "../record/Recording.ts"

/** A session-actors that can open nobody's session: it may start, but be ready never. */
export const intrude = async (roost: RoostProcesses, lastsMillis: number, fault: InjectedFault): Promise<void> => {
  const intruder = await roost.intruder({ ROOST_CLUSTER_KEY: randomBytes(32).toString("hex") })
  try {
    const isReady = intruder.ready().then(
      () => true,
      () => false
    )
    const late = sleep(lastsMillis).then(() => false)
    if (await Promise.race([isReady, late])) fault.aftermath = "a node with another cluster key became ready"
    await late
  } finally {
    await intruder.stop()
  }
}
