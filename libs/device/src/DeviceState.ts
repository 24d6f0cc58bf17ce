import * as Result from "effect/Result"
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { dirname } from "node:path"

/** The state that a device must not forget (contract §6.8): its secret. */
export interface DeviceState {
  readonly productKey: string
  readonly deviceKey: string
  readonly assetId: string
  readonly deviceSecret: string
}

/**
 * Why a state file is of no use. It is not taken for a missing one: the device would fetch another secret and the
 * platform would forget the one in the file.
 */
export interface DeviceStateError {
  readonly reason: "Unreadable" | "Malformed" | "OtherDevice"
  readonly path: string
  readonly detail: string
}

/** The state in `path`; undefined if there is no such file. */
export const readDeviceState = (
  path: string,
  productKey: string,
  deviceKey: string
): Result.Result<DeviceState | undefined, DeviceStateError> => {
  let text: string
  try {
    text = readFileSync(path, "utf8")
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return Result.succeed(undefined)
    return Result.fail({ reason: "Unreadable", path, detail: (error as Error).message })
  }
  const state = parse(text)
  if (state === undefined) {
    return Result.fail({ reason: "Malformed", path, detail: "expected productKey, deviceKey, assetId, deviceSecret" })
  }
  if (state.productKey !== productKey || state.deviceKey !== deviceKey) {
    return Result.fail({ reason: "OtherDevice", path, detail: `it is of ${state.productKey},${state.deviceKey}` })
  }
  return Result.succeed(state)
}

/** Whole or not at all, and for its owner only: a crash in between must not cost the secret. Throws as `node:fs` does. */
export const writeDeviceState = (path: string, state: DeviceState): void => {
  mkdirSync(dirname(path), { recursive: true })
  const next = `${path}.next`
  // One that a crash left behind may be open to others.
  rmSync(next, { force: true })
  const file = openSync(next, "wx", 0o600)
  try {
    writeFileSync(file, JSON.stringify(state, undefined, 2) + "\n")
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  renameSync(next, path)
}

const parse = (text: string): DeviceState | undefined => {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  const fields = (value ?? {}) as Record<string, unknown>
  const isWhole = ["productKey", "deviceKey", "assetId", "deviceSecret"].every((key) => typeof fields[key] === "string")
  return isWhole ? (value as DeviceState) : undefined
}
