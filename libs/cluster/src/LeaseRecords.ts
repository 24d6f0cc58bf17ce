import { partitionCount } from "@roost/contracts"
import { Schema } from "effect"

/**
 * `node.{incarnation}`: a process that may own partitions. Renewed by compare-and-set; whoever finds it unchanged for too long
 * deletes exactly the revision it saw, and from then on it owns nothing, whatever it believes.
 */
export const NodeRecord = Schema.TaggedStruct("Node", {
  /** Where frames for it go. Not unique over time: a process may be started again under its name. */
  nodeId: Schema.String,
  /** Counts the renewals. */
  beat: Schema.Int,
  /** It hands its partitions over and wants no others. */
  leaving: Schema.Boolean
})
export type NodeRecord = typeof NodeRecord.Type

/** `partition.{0–511}`: who owns it; its revision is the fencing token. Written only when the owner changes. */
export const PartitionRecord = Schema.TaggedStruct("Partition", {
  /** Incarnation of the owner; empty: it was handed back, whoever should have it takes it. */
  owner: Schema.String
})
export type PartitionRecord = typeof PartitionRecord.Type

export const LeaseRecord = Schema.Union([NodeRecord, PartitionRecord])
export type LeaseRecord = typeof LeaseRecord.Type

export const nodeKey = (incarnation: string): string => `node.${incarnation}`
export const partitionKey = (partition: number): string => `partition.${partition}`

/** What a key of the bucket LEASES names. */
export type LeaseKey =
  | { readonly _tag: "Node"; readonly incarnation: string }
  | { readonly _tag: "Partition"; readonly partition: number }
  | { readonly _tag: "Unknown" }

export const parseLeaseKey = (key: string): LeaseKey => {
  if (key.startsWith("node.")) return { _tag: "Node", incarnation: key.slice("node.".length) }
  const match = /^partition\.(\d{1,3})$/.exec(key)
  const partition = Number(match?.[1])
  return match !== null && partition < partitionCount ? { _tag: "Partition", partition } : { _tag: "Unknown" }
}
