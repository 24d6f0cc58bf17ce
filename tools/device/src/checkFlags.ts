import { Effect } from "effect"
import { DeviceFailure } from "./DeviceFailure.ts"
import type { RunDeviceOptions } from "./RunDeviceOptions.ts"

/** Flags of which one would be ignored, and numbers that mean nothing. */
export const checkFlags = (options: RunDeviceOptions): Effect.Effect<void, DeviceFailure> => {
  const { count, deviceSecret, interval, payload, productSecret, raw, state } = options
  const wrong =
    deviceSecret !== undefined && productSecret !== undefined
      ? ["--device-secret and --product-secret contradict each other", secretHint]
      : deviceSecret !== undefined && state !== undefined
        ? [
            "--device-secret and --state contradict each other",
            `--state keeps what --product-secret fetches. ${secretHint}`
          ]
        : raw !== undefined && payload !== undefined
          ? [
              "--raw and --payload contradict each other",
              "give --payload for points in JSON, --raw for bytes of a raw product"
            ]
          : count < 0
            ? [`--count ${count}: expected 0 (until Ctrl-C) or more`, "such as --count 1"]
            : interval < 0
              ? [`--interval ${interval}: expected 0 seconds or more`, "such as --interval 10"]
              : undefined
  if (wrong === undefined) return Effect.void
  return Effect.fail(new DeviceFailure({ reason: wrong[0]!, hint: wrong[1]! }))
}

const secretHint = "give --device-secret if the device has one, --product-secret if it is to fetch it"
