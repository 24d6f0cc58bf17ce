import type { DeviceActor } from "../state/DeviceActor.ts"
import type { PendingCommand } from "../state/PendingCommands.ts"

/** Mirrored commands by id, and the devices that they are for: a deleted entry of the bucket COMMANDS says only its id. */
export class CommandOwners {
  readonly #byId = new Map<string, DeviceActor>()
  /** With commands that were overtaken since `takeOvertaken`. */
  readonly #overtaken = new Set<DeviceActor>()

  get size(): number {
    return this.#byId.size
  }

  /** False if the device has as many as it may. */
  put(actor: DeviceActor, command: PendingCommand): boolean {
    if (!actor.commands.put(command)) return false
    this.#byId.set(command.id, actor)
    this.#noteOvertaken(actor)
    return true
  }

  /** The device that had the command. */
  remove(commandId: string): DeviceActor | undefined {
    const actor = this.#byId.get(commandId)
    if (actor === undefined) return undefined
    this.#byId.delete(commandId)
    actor.commands.remove(commandId)
    this.#noteOvertaken(actor)
    return actor
  }

  /** The device is another node's now. */
  forget(actor: DeviceActor): void {
    for (const id of actor.commandIds) this.#byId.delete(id)
  }

  /** All commands expire so many milliseconds later, or earlier. */
  postpone(millis: number): void {
    for (const actor of new Set(this.#byId.values())) actor.commands.postpone(millis)
  }

  /** Devices with commands that newer ones have overtaken, each once. */
  *takeOvertaken(): IterableIterator<DeviceActor> {
    yield* this.#overtaken
    this.#overtaken.clear()
  }

  #noteOvertaken(actor: DeviceActor): void {
    if (actor.commands.hasOvertaken) this.#overtaken.add(actor)
  }
}
