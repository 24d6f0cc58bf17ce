import { type DownlinkMode, numericCommandId } from "@roost/contracts"

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
}

/** What only the actor knows of a command until downlink-queue has applied its event to the bucket. */
export interface CommandNote {
  readonly id: string
  readonly deliveries: number
  readonly deliveredAt: number
  /** The device replied: it is not to be offered again. */
  readonly finished: boolean
}

/** Notes with `deliveredAt` as milliseconds before `now`, or back from that: between two hosts only intervals are good. */
export const withDeliveries = (notes: ReadonlyArray<CommandNote>, now: number): ReadonlyArray<CommandNote> =>
  notes.map(({ deliveredAt, deliveries, finished, id }) => {
    return { id, finished, deliveries, deliveredAt: Math.max(0, now - deliveredAt) }
  })

/** Commands that one actor mirrors at most; downlink-queue refuses the 51st (EnOS code 11902), the rest is slack. */
export const pendingCommandsMax = 64

/**
 * The commands of one device, oldest first: what Option 2100 announces and what a GET hands out (design §3, 9–12).
 * Pure but for its own list; the durable truth is the bucket's. A command is *waiting* until it was delivered and
 * again when its timeout passed without a reply, *outstanding* in between, *spent* after its last delivery timed out.
 */
export class PendingCommands {
  #commands: Array<PendingCommand> = []
  /** Replied, and still in the bucket as far as is known. */
  #finished: Array<string> = []
  /** Of an earlier owner, for entries that the bucket has not told of yet. */
  #notes: ReadonlyArray<CommandNote> = []

  get size(): number {
    return this.#commands.length
  }

  /** Takes over an entry of the bucket; deliveries that only this actor knows of so far are kept. */
  put(entry: PendingCommand): boolean {
    if (this.#finished.includes(entry.id)) return true
    const command = this.#noted(entry)
    if (command === undefined) return true
    const index = this.#commands.findIndex((known) => known.id === command.id)
    if (index >= 0) {
      const known = this.#commands[index]!
      const newer = known.deliveries > command.deliveries ? known : command
      const hinted = known.hinted || command.hinted
      this.#commands[index] = { ...command, deliveries: newer.deliveries, deliveredAt: newer.deliveredAt, hinted }
      return true
    }
    if (this.#commands.length >= pendingCommandsMax) return false
    this.#commands.push(command)
    // Ids of one device sort by time; creation times of two downlink-queue instances may tie.
    this.#commands.sort((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1))
    return true
  }

  /** The bucket has it no more. */
  remove(id: string): void {
    this.#commands = this.#commands.filter((command) => command.id !== id)
    this.#finished = this.#finished.filter((finished) => finished !== id)
  }

  /** The device replied; the bucket may go on to have it for a while. */
  finish(id: string): void {
    this.#commands = this.#commands.filter((command) => command.id !== id)
    this.#finished.push(id)
    if (this.#finished.length > pendingCommandsMax) this.#finished.shift()
  }

  /** For the actor's next owner. */
  get notes(): ReadonlyArray<CommandNote> {
    const delivered = this.#commands.filter(({ deliveries }) => deliveries > 0)
    return [
      ...delivered.map(({ deliveredAt, deliveries, id }) => ({ id, deliveries, deliveredAt, finished: false })),
      ...this.#finished.map((id) => ({ id, deliveries: 0, deliveredAt: 0, finished: true })),
      ...this.#notes
    ].slice(0, pendingCommandsMax)
  }

  /** Moves the expiry of all of them: the wall clock was set. */
  postpone(millis: number): void {
    this.#commands = this.#commands.map((command) => ({ ...command, expiresAt: command.expiresAt + millis }))
  }

  /** What the last owner knew, before the entries of the bucket come. */
  restore(notes: ReadonlyArray<CommandNote>): void {
    this.#notes = notes
  }

  /** The bucket was read to its end: what is noted of other commands is of commands that are over. */
  forgetNotes(): void {
    this.#notes = []
  }

  get ids(): ReadonlyArray<string> {
    return [...this.#commands.map(({ id }) => id), ...this.#finished]
  }

  get isEmpty(): boolean {
    return this.#commands.length === 0 && this.#finished.length === 0 && this.#notes.length === 0
  }

  find(id: string): PendingCommand | undefined {
    return this.#commands.find((command) => command.id === id)
  }

  /** By its id as a raw product's script has it. */
  findNumbered(id: string): PendingCommand | undefined {
    return this.#commands.find((command) => String(numericCommandId(command.id)) === id)
  }

  /** The oldest command of `topic` that was delivered: what a reply without an id answers (raw products). */
  oldestDelivered(topic: string): PendingCommand | undefined {
    return this.#commands.find((command) => command.topic === topic && command.deliveries > 0)
  }

  /** The command whose topic Option 2100 announces: the oldest waiting one. */
  announced(now: number, mode: DownlinkMode): PendingCommand | undefined {
    if (this.#commands.length === 0) return undefined
    if (mode === "serial" && this.#commands.some((command) => isOutstanding(command, now))) return undefined
    return this.#commands.find((command) => isWaiting(command, now))
  }

  /** It is being announced. Whether that is the first time. */
  hint(command: PendingCommand): boolean {
    if (command.hinted) return false
    this.#commands[this.#commands.indexOf(command)] = { ...command, hinted: true }
    return true
  }

  /**
   * What a GET of `topic` answers: the oldest waiting command of that topic, else the one that was delivered and is
   * still unanswered, else nothing. Counts the delivery.
   */
  take(now: number, topic: string, mode: DownlinkMode): PendingCommand | undefined {
    const outstanding = this.#commands.find((command) => isOutstanding(command, now))
    if (mode === "serial" && outstanding !== undefined) {
      return outstanding.topic === topic ? this.#deliver(outstanding, now) : undefined
    }
    const waiting = this.#commands.find((command) => command.topic === topic && isWaiting(command, now))
    const again = this.#commands.find((command) => command.topic === topic && isOutstanding(command, now))
    const found = waiting ?? again
    return found === undefined ? undefined : this.#deliver(found, now)
  }

  /** The entry with what an earlier owner knew of it; undefined if its device replied already. */
  #noted(entry: PendingCommand): PendingCommand | undefined {
    const note = this.#notes.find(({ id }) => id === entry.id)
    if (note === undefined) return entry
    this.#notes = this.#notes.filter((other) => other !== note)
    if (note.finished) {
      this.finish(entry.id)
      return undefined
    }
    if (note.deliveries <= entry.deliveries) return entry
    return { ...entry, deliveries: note.deliveries, deliveredAt: note.deliveredAt }
  }

  #deliver(command: PendingCommand, now: number): PendingCommand {
    const delivered = { ...command, deliveries: command.deliveries + 1, deliveredAt: now }
    this.#commands[this.#commands.indexOf(command)] = delivered
    return delivered
  }
}

const isOutstanding = (command: PendingCommand, now: number): boolean =>
  command.deliveries > 0 && now < command.deliveredAt + command.timeoutMillis

const isWaiting = (command: PendingCommand, now: number): boolean => {
  if (isOutstanding(command, now) || command.deliveries >= command.deliveriesMax) return false
  return now < command.expiresAt
}
