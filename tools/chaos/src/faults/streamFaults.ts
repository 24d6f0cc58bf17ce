import type { RoostProcesses } from "@roost/testkit"
import { withManager } from "./StoreRoom.ts"

/** A bucket is the stream `KV_` and its name. */
export const deleteStream = ({ nats }: RoostProcesses, name: string): Promise<void> =>
  withManager(nats, async ({ streams }) => {
    await streams.delete(name)
  })
