import type { Device } from "../device/Device.ts"

/** Which devices have something to be written, and which wait for the store's word. */
export class Saves {
  readonly #asked = new Map<number, Device>()
  #soon: Array<Device> = []
  #later: Array<Device> = []
  #token = 0

  /** Writes, and readings of what was met in place of one, without an answer. */
  get inFlight(): number {
    return this.#asked.size
  }

  /** Something waits for the end of the turn or the next tick. */
  get waits(): boolean {
    return this.#later.length > 0 || this.#soon.length > 0
  }

  thisTurn(device: Device): void {
    this.#soon.push(device)
  }

  nextTick(device: Device): void {
    this.#later.push(device)
  }

  /** Those that are to be written now; what they want meanwhile is for the next turn. */
  takeTurn(): ReadonlyArray<Device> {
    if (this.#soon.length === 0) return none
    const devices = this.#soon
    this.#soon = []
    return devices
  }

  takeTick(): ReadonlyArray<Device> {
    if (this.#later.length === 0) return none
    const devices = this.#later
    this.#later = []
    return devices
  }

  /** The token under which the store answers for the device. */
  ask(device: Device): number {
    this.#token++
    this.#asked.set(this.#token, device)
    return this.#token
  }

  /** Undefined if it was answered before. */
  answered(token: number): Device | undefined {
    const device = this.#asked.get(token)
    this.#asked.delete(token)
    return device
  }
}

const none: ReadonlyArray<Device> = []
