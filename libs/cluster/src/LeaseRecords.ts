import { partitionCount } from "@roost/contracts"
import { Schema } from "effect"

/**
 * `node.{incarnation}`: a process that may own partitions. Renewed by compare-and-set. A node that finds it unchanged for too long
 * deletes exactly the revision it saw, and from then on it owns nothing, whatever it believes.
 */
export const NodeRecord = Schema.TaggedStruct("Node", {
  /** Where frames for it go. Not unique over time: a process may be started again under its name. */
  nodeId: Schema.String,
  /** Counts the renewals. */
  beat: Schema.Int,
  /** It hands its partitions over and wants no others. */
  leaving: Schema.Boolean,
  /** Its machine and process (`ProcessName`), so that others of the machine need not wait for its silence. */
  process: Schema.optionalKey(Schema.String),
  /** The node's wall clock when it wrote this, in milliseconds since 1970. */
  wall: Schema.optionalKey(Schema.Int)
})
export type NodeRecord = typeof NodeRecord.Type

/** `partition.{0–511}`: who owns it. Written only when the owner changes. */
export const PartitionRecord = Schema.TaggedStruct("Partition", {
  /** Incarnation of the owner; empty: it was handed back, whoever should have it takes it. */
  owner: Schema.String,
  /**
   * The fencing token. It is larger at every change of owner, also if the bucket goes back or is made anew. It is at least the
   * milliseconds since 1970 when it was claimed. Absent in records of versions that took the revision.
   */
  token: Schema.optionalKey(Schema.Int)
})
export type PartitionRecord = typeof PartitionRecord.Type

/** `cluster`: what all of its nodes must agree on. The first node writes it. */
export const ClusterRecord = Schema.TaggedStruct("Cluster", {
  /** `keyCheck` of the cluster's key. */
  keyCheck: Schema.String
})
export type ClusterRecord = typeof ClusterRecord.Type

export const LeaseRecord = Schema.Union([NodeRecord, PartitionRecord, ClusterRecord])
export type LeaseRecord = typeof LeaseRecord.Type

export const nodeKey = (incarnation: string): string => `node.${incarnation}`
export const clusterRecordKey = "cluster"
export const partitionKey = (partition: number): string => `partition.${partition}`

/** The partition or node that a key of the bucket LEASES names. */
export type LeaseKey =
  | { readonly _tag: "Node"; readonly incarnation: string }
  | { readonly _tag: "Partition"; readonly partition: number }
  | { readonly _tag: "Cluster" }
  | { readonly _tag: "Unknown" }

/** `partitions`: as many as the cluster has. Simulations have others. */
export const parseLeaseKey = (key: string, partitions = partitionCount): LeaseKey => {
  if (key.startsWith("node.")) return { _tag: "Node", incarnation: key.slice("node.".length) }
  if (key === clusterRecordKey) return { _tag: "Cluster" }
  const match = /^partition\.(\d{1,5})$/.exec(key)
  const partition = Number(match?.[1])
  return match !== null && partition < partitions ? { _tag: "Partition", partition } : { _tag: "Unknown" }
}
