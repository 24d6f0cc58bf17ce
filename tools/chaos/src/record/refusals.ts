import type { Finding } from "./Finding.ts"
import type { InjectedFault, Recording } from "./Recording.ts"

/**
 * Faults in which nothing but the store fails. A request that can't be stored is answered 5.00 after ten seconds at most, so that its
 * device keeps its data and knows it. Twice that is what a busy machine gets; a retransmission may be needed.
 */
const refusing: ReadonlySet<string> = new Set(["delete", "disk-full", "full-restart"])
export const refusalMillisMax = 20_000

/** Requests that met silence where 5.00 was due. */
export const refusalFindings = (recording: Recording): ReadonlyArray<Finding> => {
  const faults = recording.faults.filter(({ kind }) => refusing.has(kind))
  return recording.exchanges.flatMap(({ device, endedAt, id, kind, sentAt }): ReadonlyArray<Finding> => {
    const at = sentAt[0]
    if (at === undefined || (endedAt ?? recording.endedAt) - at <= refusalMillisMax) return []
    const fault = faults.find((one) => isWithin(one, at, at + refusalMillisMax))
    if (fault === undefined) return []
    const seconds = (((endedAt ?? recording.endedAt) - at) / 1000).toFixed(1)
    const detail = `${kind} ${id}: no answer for ${seconds} s, sent ${sentAt.length} times, in ${fault.kind} of ${fault.target}`
    return [{ kind: "silence", deviceKey: recording.devices[device]!.deviceKey, at, detail }]
  })
}

/** From its beginning until everything was ready again. */
const isWithin = (fault: InjectedFault, from: number, to: number): boolean => from >= fault.at && to <= fault.endedAt
