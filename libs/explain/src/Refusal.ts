/** One refusal as the catalogue has it: plain sentences that stand by themselves. */
export interface RefusalEntry {
  /** What was refused, and how the one who was refused met it. */
  readonly sentence: string
  /** What it comes of, as a rule. */
  readonly cause: string
  /** What ends it. */
  readonly cure: string
}

export type RefusalEntries = Readonly<Record<string, RefusalEntry>>
