import { type DownlinkMode, numericCommandId } from "@roost/contracts"
import { changeTheSame, type CommandEffect, effectOf } from "./CommandEffect.ts"

/** A command that waits for its device, as the actor needs it. Times in milliseconds, on the clock of the host. */
export interface PendingCommand {
  readonly id: string
  /** EnOS topic, without `/topic`. */
  readonly topic: string
  /** Exactly the bytes that the device gets. */
  readonly payload: Uint8Array
  readonly createdAt: number
  /** After this it is not offered any more, if it never was. */
  readonly expiresAt: number
  /** How long the device may take to reply before the command is offered again. */
  readonly timeoutMillis: number
  readonly deliveriesMax: number
  readonly deliveries: number
  /** Time of the last delivery; 0 if never. */
  readonly deliveredAt: number
  /** Option 2100 announced it. */
  readonly hinted: boolean
  /** A newer one that changes the same was answered: it is not offered again. */
  readonly overtaken?: boolean
  /** `traceparent` of the request that issued it, if that is traced. */
  readonly trace?: string
}

/** The state of a command that only the actor knows until downlink-queue has applied its event to the bucket. */
export interface CommandNote {
  readonly id: string
  readonly deliveries: number
  readonly deliveredAt: number
  /** The device replied: it is not to be offered again. */
  readonly finished: boolean
  /** As `Entry.owed`. */
  readonly owed?: true
  /** As `PendingCommand.overtaken`. */
  readonly overtaken?: true
}

/** A command that a newer one, `by`, has overtaken. */
export interface Overtaken {
  readonly id: string
  readonly by: string
}

interface Entry {
  command: PendingCommand
  readonly effect: CommandEffect
  /** An older command that changes the same went out after it: it goes out once more, at once, whatever became of it. */
  owed: boolean
  overtaken: boolean
  /** It was answered or has ended, and is kept only because it is owed. */
  ended: boolean
}

/** Notes with `deliveredAt` as milliseconds before `now`, or back from that: between two hosts only intervals are good. */
export const withDeliveries = (notes: ReadonlyArray<CommandNote>, now: number): ReadonlyArray<CommandNote> =>
  notes.map((note) => {
    return { ...note, deliveredAt: Math.max(0, now - note.deliveredAt) }
  })

/** Commands that one actor mirrors at most; downlink-queue refuses the 51st (EnOS code 11902), the rest is slack. */
export const pendingCommandsMax = 64

/**
 * The commands of one device, oldest first: what Option 2100 announces and what a GET hands out (contract §7.9–7.12).
 * Pure but for its own list; the durable truth is the bucket's. A command is *waiting* until it was delivered and
 * again when its timeout passed without a reply. It is *outstanding* in between, *spent* after its last delivery timed out.
 *
 * Nothing older takes effect after something newer that changes the same (`CommandEffect`):
 *
 *   delivered again ──► every newer one that changes the same and was delivered is *owed*: it follows at once
 *   answered, or ended after a delivery ──► every older one that changes the same is *overtaken*: never offered again
 */
export class PendingCommands {
  #entries: Array<Entry> = []
  /** Replied, and still in the bucket as far as is known. */
  #finished: Array<Pick<Entry, "effect"> & { readonly id: string; readonly createdAt: number }> = []
  /** Of an earlier owner, for entries that the bucket has not told of yet. */
  #notes: ReadonlyArray<CommandNote> = []
  #overtaken: Array<Overtaken> = []

  get size(): number {
    return this.#entries.length
  }

  /** Different topics of those that have not ended, at most `max`, the oldest command's first. */
  topics(max: number): ReadonlyArray<string> {
    const open = this.#entries.filter(({ ended }) => !ended)
    return [...new Set(open.map(({ command }) => command.topic))].slice(0, max)
  }

  /** Takes over an entry of the bucket; deliveries that only this actor knows of so far are kept. */
  put(command: PendingCommand): boolean {
    if (this.#finished.some(({ id }) => id === command.id)) return true
    const known = this.#entryOf(command.id)
    if (known !== undefined) {
      const { deliveredAt, deliveries, hinted } = known.command
      const newer = deliveries > command.deliveries ? { deliveries, deliveredAt } : {}
      known.command = { ...command, ...newer, hinted: hinted || command.hinted }
      known.overtaken ||= command.overtaken === true
      return true
    }
    if (this.#entries.length >= pendingCommandsMax && !this.#dropEnded()) return false
    const effect = effectOf(command.topic, command.payload)
    const entry = { command, effect, owed: false, overtaken: command.overtaken === true, ended: false }
    this.#entries.push(entry)
    this.#entries.sort((a, b) => inTime(a.command, b.command))
    this.#applyNote(entry)
    const newer = this.#finished.find((one) => inTime(command, one) < 0 && changeTheSame(one.effect, effect))
    if (newer !== undefined && this.#entries.includes(entry)) this.#overtake(entry, newer.id, false)
    return true
  }

  /** The bucket has it no more. */
  remove(id: string): void {
    this.#finished = this.#finished.filter((finished) => finished.id !== id)
    const entry = this.#entryOf(id)
    if (entry === undefined) return
    // It ended without a reply that this actor knows of; its device may have carried it out all the same.
    if (entry.command.deliveries > 0) this.#overtakeOlder(entry)
    this.#end(entry)
  }

  /** The device replied; the bucket may go on to have it for a while. */
  finish(id: string): void {
    const entry = this.#entryOf(id)
    if (entry !== undefined) {
      this.#overtakeOlder(entry)
      this.#finished.push({ id, createdAt: entry.command.createdAt, effect: entry.effect })
      this.#end(entry)
    } else this.#finished.push({ id, createdAt: 0, effect: [] })
    if (this.#finished.length > pendingCommandsMax) this.#finished.shift()
  }

  get hasOvertaken(): boolean {
    return this.#overtaken.length > 0
  }

  /** Those that were overtaken since the last call. */
  takeOvertaken(): ReadonlyArray<Overtaken> {
    if (this.#overtaken.length === 0) return this.#overtaken
    const overtaken = this.#overtaken
    this.#overtaken = []
    return overtaken
  }

  /** For the actor's next owner. */
  get notes(): ReadonlyArray<CommandNote> {
    const of = ({ command, overtaken, owed }: Entry, finished: boolean): CommandNote => {
      const { deliveredAt, deliveries, id } = command
      return { id, deliveries, deliveredAt, finished, ...(owed && { owed }), ...(overtaken && { overtaken }) }
    }
    const ended = new Set(this.#entries.filter(({ ended }) => ended).map(({ command }) => command.id))
    return [
      ...this.#entries
        .filter(({ command, overtaken }) => command.deliveries > 0 || overtaken)
        .map((entry) => of(entry, entry.ended)),
      ...this.#finished
        .filter(({ id }) => !ended.has(id))
        .map(({ id }) => ({ id, deliveries: 0, deliveredAt: 0, finished: true })),
      ...this.#notes
    ].slice(0, pendingCommandsMax)
  }

  /** Moves the expiry of all of them: the wall clock was set. */
  postpone(millis: number): void {
    for (const entry of this.#entries) {
      entry.command = { ...entry.command, expiresAt: entry.command.expiresAt + millis }
    }
  }

  /** Takes the notes of the last owner, before the entries of the bucket come. */
  restore(notes: ReadonlyArray<CommandNote>): void {
    this.#notes = notes
  }

  /** The bucket was read to its end: what is noted of other commands is of commands that are over. */
  forgetNotes(): void {
    this.#notes = []
  }

  /** The device's session is over: what is kept only to be sent once more goes. */
  forgetEnded(): void {
    this.#entries = this.#entries.filter(({ ended }) => !ended)
  }

  /** Those that have not ended. */
  get all(): ReadonlyArray<PendingCommand> {
    return this.#entries.filter(({ ended }) => !ended).map(({ command }) => command)
  }

  get ids(): ReadonlyArray<string> {
    return [...this.#entries.map(({ command }) => command.id), ...this.#finished.map(({ id }) => id)]
  }

  get isEmpty(): boolean {
    return this.#entries.length === 0 && this.#finished.length === 0 && this.#notes.length === 0
  }

  find(id: string): PendingCommand | undefined {
    return this.#find((command) => command.id === id)
  }

  /** By its id as a raw product's script has it. */
  findNumbered(id: string): PendingCommand | undefined {
    return this.#find((command) => String(numericCommandId(command.id)) === id)
  }

  /** The oldest command of `topic` that was delivered: what a reply without an id answers (raw products). */
  oldestDelivered(topic: string): PendingCommand | undefined {
    return this.#find((command) => command.topic === topic && command.deliveries > 0)
  }

  /** The command whose topic Option 2100 announces: the oldest waiting one. */
  announced(now: number, mode: DownlinkMode): PendingCommand | undefined {
    if (this.#entries.length === 0) return undefined
    if (mode === "serial" && this.#entries.some((entry) => isOutstanding(entry, now))) return undefined
    return this.#entries.find((entry) => isWaiting(entry, now))?.command
  }

  /** It is being announced. Whether that is the first time. */
  hint(command: PendingCommand): boolean {
    const entry = this.#entryOf(command.id)
    if (entry === undefined || entry.command.hinted) return false
    entry.command = { ...entry.command, hinted: true }
    return true
  }

  /**
   * The answer to a GET of `topic`: its oldest waiting command, else the oldest that was delivered and is
   * still unanswered, else nothing. Counts the delivery, as long as it may be delivered again.
   */
  take(now: number, topic: string, mode: DownlinkMode): PendingCommand | undefined {
    const outstanding = this.#entries.find((entry) => isOutstanding(entry, now))
    if (mode === "serial" && outstanding !== undefined) {
      return outstanding.command.topic === topic ? this.#deliver(outstanding, now) : undefined
    }
    const ofTopic = this.#entries.filter(({ command }) => command.topic === topic)
    const waiting = ofTopic.find((entry) => isWaiting(entry, now))
    const found = waiting ?? ofTopic.find((entry) => isOutstanding(entry, now))
    return found === undefined ? undefined : this.#deliver(found, now)
  }

  #entryOf(id: string): Entry | undefined {
    return this.#entries.find(({ command }) => command.id === id)
  }

  /** Among those that have not ended. */
  #find(matches: (command: PendingCommand) => boolean): PendingCommand | undefined {
    return this.#entries.find(({ command, ended }) => !ended && matches(command))?.command
  }

  /** The entry with what an earlier owner knew of it. */
  #applyNote(entry: Entry): void {
    const { command } = entry
    const note = this.#notes.find(({ id }) => id === command.id)
    if (note === undefined) return
    this.#notes = this.#notes.filter((other) => other !== note)
    entry.owed = note.owed === true
    entry.overtaken ||= note.overtaken === true
    if (note.deliveries > command.deliveries) {
      entry.command = { ...command, deliveries: note.deliveries, deliveredAt: note.deliveredAt }
    }
    if (note.finished) this.finish(command.id)
  }

  #deliver(entry: Entry, now: number): PendingCommand {
    const { command, owed } = entry
    // A device that asks again and again and never replies would keep it from ever timing out.
    const counts = owed || command.deliveries < command.deliveriesMax
    const delivered = counts ? { ...command, deliveries: command.deliveries + 1, deliveredAt: now } : command
    entry.command = delivered
    entry.owed = false
    if (entry.ended) this.#entries = this.#entries.filter((other) => other !== entry)
    // A command that goes out again changes things in its turn.
    const changed = [entry.effect]
    for (const newer of this.#entries) {
      if (newer.command.deliveries === 0 || inTime(newer.command, delivered) <= 0) continue
      if (!changed.some((effect) => changeTheSame(newer.effect, effect))) continue
      newer.owed = true
      changed.push(newer.effect)
    }
    return delivered
  }

  /** Its device may have carried it out: nothing older that changes the same goes out any more. */
  #overtakeOlder(newer: Entry): void {
    for (const older of this.#entries.slice()) {
      if (inTime(older.command, newer.command) >= 0 || !changeTheSame(older.effect, newer.effect)) continue
      this.#overtake(older, newer.command.id, newer.owed)
    }
  }

  /** `byOwed`: the newer one goes out once more, so that this one may, before it. */
  #overtake(entry: Entry, by: string, byOwed: boolean): void {
    entry.owed &&= byOwed
    if (entry.ended && !entry.owed) this.#end(entry)
    if (entry.overtaken || entry.ended) return
    entry.overtaken = true
    this.#overtaken.push({ id: entry.command.id, by })
    // It does not go out again after what is older still.
    if (entry.command.deliveries > 0) this.#overtakeOlder(entry)
  }

  #end(entry: Entry): void {
    if (entry.owed) entry.ended = true
    else this.#entries = this.#entries.filter((other) => other !== entry)
  }

  #dropEnded(): boolean {
    const index = this.#entries.findIndex(({ ended }) => ended)
    if (index >= 0) this.#entries.splice(index, 1)
    return index >= 0
  }
}

const isOutstanding = ({ command, ended, overtaken }: Entry, now: number): boolean =>
  !ended && !overtaken && command.deliveries > 0 && now < command.deliveredAt + command.timeoutMillis

const isWaiting = (entry: Entry, now: number): boolean => {
  const { command, ended, overtaken, owed } = entry
  if (owed) return true
  if (ended || overtaken || isOutstanding(entry, now) || command.deliveries >= command.deliveriesMax) return false
  return now < command.expiresAt
}

/** Ids of one device sort by time; creation times of two downlink-queue instances may tie. */
const inTime = (
  a: { readonly createdAt: number; readonly id: string },
  b: { readonly createdAt: number; readonly id: string }
): number => a.createdAt - b.createdAt || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)
