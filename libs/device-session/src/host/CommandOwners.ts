import type { Device } from "../device/Device.ts"

/** Mirrored commands by id, and the devices that they are for: a deleted entry of the bucket COMMANDS says only its id. */
export class CommandOwners {
  readonly #byId = new Map<string, Device>()

  get size(): number {
    return this.#byId.size
  }

  set(commandId: string, device: Device): void {
    this.#byId.set(commandId, device)
  }

  /** The device that had the command. */
  take(commandId: string): Device | undefined {
    const device = this.#byId.get(commandId)
    this.#byId.delete(commandId)
    return device
  }

  /** The device is another node's now. */
  forget(device: Device): void {
    for (const id of device.commandIds) this.#byId.delete(id)
  }

  /** Each device once. */
  get devices(): ReadonlySet<Device> {
    return new Set(this.#byId.values())
  }
}
