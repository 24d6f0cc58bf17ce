/** One refusal as the catalogue has it: plain sentences that stand by themselves. */
export interface RefusalEntry {
  /** The refusal, and how the one who was refused met it. */
  readonly sentence: string
  /** Its usual cause. */
  readonly cause: string
  /** The steps that end it. */
  readonly cure: string
}

export type RefusalEntries = Readonly<Record<string, RefusalEntry>>
