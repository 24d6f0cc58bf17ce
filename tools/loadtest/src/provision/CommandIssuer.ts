import type { DeviceBook } from "@roost/load"
import { setTimeout as sleep } from "node:timers/promises"
import type { LoadConfig } from "../LoadConfig.ts"

/** Where commands are issued. */
export interface DownlinkAccess {
  readonly url: string
  readonly token: string
}

export interface IssuedCommands {
  issued: number
  refused: number
  /** Of the first one that was refused. */
  firstRefusal: string | undefined
}

/** Requests to the API at the same time. */
const concurrencyMax = 16
/** How long a command may wait for its device: longer than any run of which somebody sees the end. */
const pendingTtlSeconds = 3_600

/** Gives a share of the devices a command each, again every `config.commandSeconds`, until `signal`. Refusals are counted. */
export const issueCommands = async (
  { token, url }: DownlinkAccess,
  config: LoadConfig,
  book: DeviceBook,
  counts: IssuedCommands,
  signal: AbortSignal
): Promise<void> => {
  const devices = Math.round(config.devices * config.commandShare)
  const issue = async (index: number): Promise<void> => {
    const { deviceKey, productKey } = book.values(index)
    const path = `/v1/products/${encodeURIComponent(productKey)}/devices/${encodeURIComponent(deviceKey)}/measurepoints/temp:set`
    try {
      const response = await fetch(new URL(path, url), {
        method: "POST",
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        body: JSON.stringify({ value: index, pendingTtl: pendingTtlSeconds }),
        signal
      })
      if (response.ok) counts.issued++
      else refuse(counts, `${response.status} ${(await response.text()).slice(0, 300)}`)
    } catch (error) {
      if (!signal.aborted) refuse(counts, error instanceof Error ? error.message : String(error))
    }
  }
  if (devices === 0) return
  while (!signal.aborted) {
    const roundEnds = performance.now() + config.commandSeconds * 1000
    let next = 0
    const lane = async () => {
      // Spread over the devices, so that those of all processes get some.
      while (next < devices && !signal.aborted) await issue(Math.floor((next++ * config.devices) / devices))
    }
    await Promise.all(Array.from({ length: Math.min(concurrencyMax, devices) }, lane))
    if (config.commandSeconds === 0) return
    await pause(roundEnds - performance.now(), signal)
  }
}

const refuse = (counts: IssuedCommands, reason: string): void => {
  counts.refused++
  counts.firstRefusal ??= reason
}

const pause = (millis: number, signal: AbortSignal): Promise<void> =>
  sleep(Math.max(0, millis), undefined, { signal }).catch(() => {})
