/**
 * Questions of one kind, asked again before earlier ones are answered. A server without a leader leaves some without an answer. An
 * answer to an earlier one does not undo what a later one found.
 */
export class Questions {
  #asked = 0
  #settled = 0

  /** Its number. */
  ask(): number {
    return ++this.#asked
  }

  /** Whether the outcome of this question counts: none that was asked later has one. */
  settles(question: number): boolean {
    if (question < this.#settled) return false
    this.#settled = question
    return true
  }
}
