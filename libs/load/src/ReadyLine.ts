import { Activity, type LoadDevice } from "./LoadDevice.ts"
import { ReadyQueue } from "./ReadyQueue.ts"

/** Devices that may send, in the order in which they may; each stands in it once. */
export class ReadyLine {
  readonly #queue = new ReadyQueue<LoadDevice>()

  add(device: LoadDevice): void {
    if (device.isInLine) return
    device.isInLine = true
    this.#queue.push(device)
  }

  /** The first one that still may. */
  next(): LoadDevice | undefined {
    for (let device = this.#queue.shift(); device !== undefined; device = this.#queue.shift()) {
      device.isInLine = false
      if (device.activity === Activity.Ready) return device
    }
    return undefined
  }
}
