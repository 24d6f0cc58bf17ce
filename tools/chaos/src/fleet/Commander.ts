import type { RoostProcesses } from "@roost/testkit"
import { setTimeout as sleep } from "node:timers/promises"
import type { Recorder } from "../record/Recorder.ts"
import type { ChaosDevice } from "./ChaosDevice.ts"

/** Longer than any run: what expires is lost. */
const pendingTtlSeconds = 86_400
const requestMillisMax = 5_000

/** Issues commands for devices at random, through one downlink-queue or the other. Only what was taken with 202 counts. */
export const issueCommands = async (
  roost: RoostProcesses,
  devices: ReadonlyArray<ChaosDevice>,
  recorder: Recorder,
  options: { readonly everyMillis: number; readonly random: () => number; readonly signal: AbortSignal }
): Promise<void> => {
  const { everyMillis, random, signal } = options
  // A sleeper's command would wait for its wake-up.
  const awake = devices.filter(({ options: { role } }) => role !== "sleeper")
  while (!signal.aborted && awake.length > 0) {
    const device = awake[Math.floor(random() * awake.length)]!
    const { deviceKey, productKey } = device.options
    const path = `/v1/products/${productKey}/devices/${deviceKey}/measurepoints/temp:set`
    const instance = Math.floor(random() * roost.downlinkUrls.length)
    const body = { value: 1, pendingTtl: pendingTtlSeconds, timeout: 10 }
    const answer = await within(roost.downlink("POST", path, body, instance))
    if (answer?.status === 202) {
      const { commandId } = answer.body as { readonly commandId: string }
      recorder.commands.push({ commandId, device: device.number, at: Date.now(), state: undefined })
    }
    await sleep(everyMillis * (0.5 + random()), undefined, { signal }).catch(() => {})
  }
}

/** Asks what became of the commands until all have ended or `millisMax` is over. */
export const followCommands = async (roost: RoostProcesses, recorder: Recorder, millisMax: number): Promise<void> => {
  const end = Date.now() + millisMax
  const left = new Set(recorder.commands)
  for (;;) {
    for (const command of left) {
      const instance = left.size % roost.downlinkUrls.length
      const answer = await within(roost.downlink("GET", `/v1/commands/${command.commandId}`, undefined, instance))
      if (answer?.status === 200) command.state = (answer.body as { readonly state: string }).state
      if (command.state !== undefined && finalStates.has(command.state)) left.delete(command)
    }
    if (left.size === 0 || Date.now() > end) return
    await sleep(250)
  }
}

const finalStates = new Set(["cancelled", "expired", "succeeded", "failed", "timedOut"])

/** Undefined if the instance is down or does not answer. */
const within = async <A>(asked: Promise<A>): Promise<A | undefined> => {
  const late = sleep(requestMillisMax, undefined, { ref: false })
  return Promise.race([asked.catch(() => undefined), late])
}
