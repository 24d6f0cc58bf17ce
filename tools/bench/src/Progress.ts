/** Something that takes its time. */
export interface Task {
  readonly title: string
  /** A guess. */
  readonly seconds: number
}

/** Lines about what is being done and how long the rest will take: the guesses, corrected by how right they were so far. */
export class Progress {
  readonly #say: (text: string) => void
  readonly #now: () => number
  #tasks: ReadonlyArray<Task> = []
  #startedAt = 0
  #next = 0

  /** `now` in milliseconds. */
  constructor(say: (text: string) => void, now: () => number = () => performance.now()) {
    this.#say = say
    this.#now = now
  }

  begin(tasks: ReadonlyArray<Task>): void {
    this.#tasks = tasks
    this.#startedAt = this.#now()
    this.#next = 0
  }

  /** The next task begins. */
  next(): void {
    const { length } = this.#tasks
    const left = seconds(this.#tasks.slice(this.#next)) * this.#slowness
    const task = this.#tasks[this.#next++]
    if (task !== undefined) this.#say(`[${this.#next}/${length}, about ${minutes(left)} min left] ${task.title}\n`)
  }

  /** The task begins this step now. */
  step(text: string): void {
    this.#say(`${clock(this.#elapsed).padStart(8)}  ${text}\n`)
  }

  get #elapsed(): number {
    return (this.#now() - this.#startedAt) / 1000
  }

  get #slowness(): number {
    const guessed = seconds(this.#tasks.slice(0, this.#next))
    return guessed === 0 ? 1 : this.#elapsed / guessed
  }
}

const seconds = (tasks: ReadonlyArray<Task>): number => tasks.reduce((sum, task) => sum + task.seconds, 0)
const minutes = (value: number): string => Math.max(0.1, value / 60).toFixed(1)
const clock = (value: number): string => `${Math.floor(value / 60)}:${String(Math.floor(value % 60)).padStart(2, "0")}`
