import type { LoadDevice } from "./LoadDevice.ts"

/** The devices that a verb of a fleet still waits for, and how many of them came online. */
export class AwaitedDevices {
  #left = 0
  #cameOnline = 0

  /** How many have neither succeeded nor failed yet. */
  get left(): number {
    return this.#left
  }

  get cameOnline(): number {
    return this.#cameOnline
  }

  begin(devices: ReadonlyArray<LoadDevice>): void {
    this.#left = devices.length
    this.#cameOnline = 0
    for (const device of devices) device.isAwaited = true
  }

  connected(device: LoadDevice): void {
    if (device.isAwaited) this.#cameOnline++
  }

  /** The device has succeeded or failed. True if it was waited for. */
  settle(device: LoadDevice): boolean {
    const wasAwaited = device.isAwaited
    forget(device)
    if (wasAwaited) this.#left--
    return wasAwaited
  }

  /** Nobody of the fleet is waited for any more. */
  end(fleet: ReadonlyArray<LoadDevice>): void {
    if (this.#left > 0) fleet.forEach(forget)
    this.#left = 0
  }
}

const forget = (device: LoadDevice): void => {
  device.wokenAt = -1
  device.isAwaited = false
}
