import type { RoostProcesses } from "@roost/testkit"
import type { InjectedFault } from "../record/Recording.ts"

/** Waits until every app is ready; those that are not in time are the fault's `aftermath`, which the checker reports. */
export const ready = async ({ apps }: RoostProcesses, fault: InjectedFault): Promise<void> => {
  const waited = await Promise.allSettled(apps.map((app) => app.ready()))
  const unready = waited.flatMap((one) => (one.status === "rejected" ? [String(one.reason).slice(0, reasonMax)] : []))
  if (unready.length > 0) fault.aftermath = unready.join("\n")
}

const reasonMax = 500
