import type { RoostProcesses } from "@roost/testkit"
import { setTimeout as sleep } from "node:timers/promises"
import { withManager } from "./StoreRoom.ts"

/** A cluster whose disks have just been full answers nothing for a while. */
const triesMax = 6
const retryMillis = 1_000

/** A bucket is the stream `KV_` and its name. */
export const deleteStream = async ({ nats }: RoostProcesses, name: string): Promise<void> => {
  for (let tries = 1; ; tries++) {
    try {
      await withManager(nats, ({ streams }) => streams.delete(name))
      return
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      // By a try before, whose answer was lost.
      if (why.includes("not found")) return
      if (tries === triesMax) throw new Error(`${name} could not be deleted: ${why}`, { cause: error })
      await sleep(retryMillis)
    }
  }
}
