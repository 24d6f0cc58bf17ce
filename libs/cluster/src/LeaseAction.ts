/** The keeper's wishes. Writes are compare-and-set: `revision` is what the entry must still have, 0 for none. */
export type LeaseAction =
  | {
      readonly _tag: "WriteNode"
      readonly incarnation: string
      readonly revision: number
      readonly beat: number
      readonly leaving: boolean
    }
  /** From the bucket itself, not from a replica that may be behind. */
  | { readonly _tag: "ReadNode"; readonly incarnation: string }
  /** Deletes a record: of a node that fell silent, or the own one at the end. */
  | { readonly _tag: "DeleteNode"; readonly incarnation: string; readonly revision: number }
  | {
      readonly _tag: "WritePartition"
      readonly partition: number
      readonly revision: number
      readonly owner: string
      readonly token: number
    }
  /** The bucket is another than it was, or has gone back: it is to be read from its beginning. */
  | { readonly _tag: "Reread" }
  /** For the `PartitionHost`; `acquired` and `released` answer the first two. */
  | { readonly _tag: "Acquire"; readonly partition: number; readonly fencingToken: number }
  | { readonly _tag: "Release"; readonly partition: number }
  | { readonly _tag: "Abandon"; readonly partition: number }
  /** This node owns other partitions than before. */
  | { readonly _tag: "Announce" }
  /** Everything is handed over. */
  | { readonly _tag: "Drained" }

/** How a write ended. `Unknown`: no answer in time, it may be stored. */
export type WriteOutcome =
  | { readonly _tag: "Stored"; readonly revision: number }
  | { readonly _tag: "Conflict" }
  | { readonly _tag: "Unknown" }
