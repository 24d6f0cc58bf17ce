import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs"
import { dirname } from "node:path"

/** What a device must not forget (contract 4.3): its secret. */
export interface DeviceState {
  readonly productKey: string
  readonly deviceKey: string
  readonly assetId: string
  readonly deviceSecret: string
}

/** The state in `path`, or undefined if there is none for this device. */
export const readDeviceState = (path: string, productKey: string, deviceKey: string): DeviceState | undefined => {
  let text: string
  try {
    text = readFileSync(path, "utf8")
  } catch {
    return undefined
  }
  const state = JSON.parse(text) as DeviceState
  return state.productKey === productKey && state.deviceKey === deviceKey ? state : undefined
}

/** Whole or not at all, and for its owner only: a crash in between must not cost the secret. */
export const writeDeviceState = (path: string, state: DeviceState): void => {
  mkdirSync(dirname(path), { recursive: true })
  const next = `${path}.next`
  writeFileSync(next, JSON.stringify(state, undefined, 2) + "\n", { mode: 0o600 })
  chmodSync(next, 0o600)
  renameSync(next, path)
}
