import type { DeviceSource } from "@roost/load"
import type { LoadConfig } from "../LoadConfig.ts"

/** The part of process `index` of `config.processes`: a share of the devices, and of what is meant for all of them. */
export const splitConfig = (config: LoadConfig, index: number): LoadConfig => {
  const { processes } = config
  const from = boundary(config.devices, index, processes)
  const devices = boundary(config.devices, index + 1, processes) - from
  const partOf = (count: number) => boundary(count, index + 1, processes) - boundary(count, index, processes)
  return {
    ...config,
    first: config.first + from,
    devices,
    sockets: Math.min(config.sockets, devices),
    handshakesInFlight: Math.max(1, partOf(config.handshakesInFlight)),
    // 0 means one per device, which stays so.
    requestsInFlight: config.requestsInFlight === 0 ? 0 : Math.max(1, partOf(config.requestsInFlight)),
    ratePerSecond: config.ratePerSecond / processes,
    churnPerSecond: config.churnPerSecond / processes,
    rebindPerSecond: config.rebindPerSecond / processes,
    stormDevices: Math.min(devices, partOf(config.stormDevices)),
    seed: config.seed + index
  }
}

export const splitSource = (source: DeviceSource, config: LoadConfig, index: number): DeviceSource => {
  if (source._tag !== "Listed") return source
  const from = boundary(config.devices, index, config.processes)
  const to = boundary(config.devices, index + 1, config.processes)
  return { _tag: "Listed", devices: source.devices.slice(from, to) }
}

const boundary = (count: number, index: number, parts: number): number => Math.floor((count * index) / parts)
