import { readAppLine } from "./AppLines.ts"
import { say } from "./Terminal.ts"

/** Warnings and errors of apps belong on the terminal; the rest is in their logs. */
export class AppProblems {
  /** The apps' complaints about the configuration: they come at the same time, and most share the variables. */
  readonly #misconfigured = new Set<string>()
  #started = false

  show(app: string, line: string): void {
    const read = readAppLine(line, this.#started)
    if (read?._tag === "Misconfigured") this.#misconfigured.add(read.text)
    else if (read !== undefined) say(`${app} | ${read.text}`)
  }

  /** From now on nothing is told that belongs to a start. */
  started(): void {
    this.#started = true
  }

  get misconfigured(): ReadonlyArray<string> {
    return [...this.#misconfigured]
  }
}
