import { BoundedMap } from "@roost/bounded"

/** Commands whose end is remembered. */
const endedMax = 10_000

/** Commands that the watch of the bucket COMMANDS said have ended, so that a snapshot that is older does not bring them back. */
export class EndedCommands {
  readonly #revisions = new BoundedMap<string, number>(endedMax)

  /** The bucket has it as ended, or no more. `revision` of that; 0 if it is only known to be missing. */
  ended(commandId: string, revision: number): void {
    this.#revisions.set(commandId, revision === 0 ? Infinity : revision)
  }

  /** The watch has it as pending, whatever was said before: a bucket that goes back brings commands back, under lower revisions. */
  pending(commandId: string): void {
    this.#revisions.delete(commandId)
  }

  /** Whether an entry of a snapshot is newer than the end of its command. */
  isNewer(commandId: string, revision: number): boolean {
    return revision > (this.#revisions.get(commandId) ?? 0)
  }
}
