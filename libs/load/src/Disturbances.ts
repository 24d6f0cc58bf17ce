import type { LoadDevice } from "./LoadDevice.ts"
import { RateSchedule } from "./RateSchedule.ts"

/** Devices in the field lose their session, or the NAT in front of them loses its mapping. */
export class Disturbances {
  readonly #devices: ReadonlyArray<LoadDevice>
  readonly #random: () => number
  #churn = new RateSchedule(0, 0)
  #rebind = new RateSchedule(0, 0)

  constructor(devices: ReadonlyArray<LoadDevice>, random: () => number) {
    this.#devices = devices
    this.#random = random
  }

  start(now: number, rates: { readonly churnPerSecond: number; readonly rebindPerSecond: number }): void {
    this.#churn = new RateSchedule(now, rates.churnPerSecond)
    this.#rebind = new RateSchedule(now, rates.rebindPerSecond)
  }

  take(now: number, reconnect: (device: LoadDevice) => void, rebind: (device: LoadDevice) => void): void {
    for (; this.#churn.isDue(now); this.#churn.take()) this.#some(reconnect)
    for (; this.#rebind.isDue(now); this.#rebind.take()) this.#some(rebind)
  }

  /** A device that is online, if one is found soon: where few are, there is trouble enough. */
  #some(disturb: (device: LoadDevice) => void): void {
    for (let tries = 0; tries < triesMax; tries++) {
      const device = this.#devices[Math.floor(this.#random() * this.#devices.length)]!
      if (device.isOnline) {
        disturb(device)
        return
      }
    }
  }
}

const triesMax = 20
