import type { Effect } from "effect"

/** The host of the partitions that the lease keeper gives to this node and takes from it. */
export interface PartitionHost {
  /** The partition is this node's: load what is stored of it and serve it. Succeeds when it is served. */
  readonly acquire: (partition: number, fencingToken: number) => Effect.Effect<void>
  /** Another node is to have it: stop serving, store the last state, forget it. Succeeds when all of it is stored. */
  readonly release: (partition: number) => Effect.Effect<void>
  /** The lease is lost or about to be: stop serving before this call returns, and store nothing, another may own it already. */
  readonly abandon: (partition: number) => void
}
