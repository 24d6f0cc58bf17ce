import { Buckets } from "@roost/contracts"
import type { RoostProcesses } from "@roost/testkit"
import type { InjectedFault } from "../record/Recording.ts"
import { drain } from "./appFaults.ts"
import { startNats, stopNats } from "./natsFaults.ts"
import { ready } from "./ready.ts"
import type { StoreCopy } from "./StoreCopy.ts"
import { deleteStream } from "./streamFaults.ts"

/** Every process ends at once, and the disks have what they had when the copy was made. PostgreSQL is another machine. */
export const cutPower = async (roost: RoostProcesses, copy: StoreCopy, fault: InjectedFault): Promise<void> => {
  fault.setBackTo = copy.at
  await Promise.all([...roost.apps.map((app) => app.stop("SIGKILL")), stopNats(roost.nats, "SIGKILL")])
  fault.goneAt = Date.now()
  await copy.putBack()
  await startNats(roost.nats)
  for (const app of roost.apps) app.start()
  await ready(roost, fault)
}

/** As docs/operations.md has it: everything is stopped, and session-actors do not start before the bucket SESSIONS is gone. */
export const restoreBackup = async (roost: RoostProcesses, backup: StoreCopy, fault: InjectedFault): Promise<void> => {
  fault.setBackTo = backup.at
  await Promise.all(roost.apps.map(drain))
  await stopNats(roost.nats, "SIGTERM")
  fault.goneAt = Date.now()
  await backup.putBack()
  await startNats(roost.nats)
  await deleteStream(roost, `KV_${Buckets.sessions.name}`)
  for (const app of roost.apps) app.start()
  await ready(roost, fault)
}
