import type { RoostProcesses } from "@roost/testkit"
import { setTimeout as sleep } from "node:timers/promises"
import type { Recorder } from "../record/Recorder.ts"
import type { IssuedCommand } from "../record/Recording.ts"
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
      recorder.commands.push({ commandId, device: device.number, at: Date.now(), state: undefined, ends: [] })
    }
    const earlier = recorder.commands[Math.floor(random() * recorder.commands.length)]
    if (earlier !== undefined) await ask(roost, earlier, instance)
    await sleep(everyMillis * (0.5 + random()), undefined, { signal }).catch(() => {})
  }
}

/** Asks what became of the commands until all have ended or `millisMax` is over, then once more of each instance. */
export const followCommands = async (
  roost: RoostProcesses,
  recorder: Recorder,
  millisMax: number,
  signal: AbortSignal
): Promise<void> => {
  const end = Date.now() + millisMax
  const left = new Set(recorder.commands)
  for (;;) {
    for (const command of left) {
      if (signal.aborted) return
      await ask(roost, command, left.size % roost.downlinkUrls.length)
      if (command.state !== undefined && finalStates.has(command.state)) left.delete(command)
    }
    if (left.size === 0 || Date.now() > end) break
    await sleep(250)
  }
  for (const instance of roost.downlinkUrls.keys()) {
    for (const command of recorder.commands) {
      if (signal.aborted) return
      await ask(roost, command, instance)
    }
  }
}

const ask = async (roost: RoostProcesses, command: IssuedCommand, instance: number): Promise<void> => {
  const answer = await within(roost.downlink("GET", `/v1/commands/${command.commandId}`, undefined, instance))
  if (answer?.status !== 200) return
  const { state } = answer.body as { readonly state: string }
  command.state = state
  if (finalStates.has(state) && !command.ends.includes(state)) command.ends.push(state)
}

const finalStates = new Set(["cancelled", "expired", "succeeded", "failed", "timedOut"])

/** Undefined if the instance is down or does not answer. */
const within = async <A>(asked: Promise<A>): Promise<A | undefined> => {
  const late = sleep(requestMillisMax, undefined, { ref: false })
  return Promise.race([asked.catch(() => undefined), late])
}
