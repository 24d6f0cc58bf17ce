import { Buckets, type KeyChecks } from "@roost/contracts"
import type { Bucket, NatsError } from "@roost/nats"
import { Effect, Option, Schedule } from "effect"
import { clusterRecordKey, type LeaseRecord } from "./LeaseRecords.ts"

/** Under whose key a cluster's newest session is sealed; "nobody": there is no session. */
export type SealedBy = "this node" | "another" | "nobody"

/**
 * Why this node may not take part by its key: undefined if it may. The first node of a cluster writes the cluster's `keyCheck` into
 * the bucket LEASES.
 *
 * The record goes with its bucket: deleted, or restored from a backup that is older. The next node to look would make its key the
 * cluster's. A single node with a wrong one would lock out all others. So the sessions decide: a node that
 * can't open the newest one writes no record, and a node that can puts a foreign record right.
 */
export const foreignKey = (
  bucket: Bucket<LeaseRecord>,
  keyChecks: KeyChecks | undefined,
  sealedBy: Effect.Effect<SealedBy, NatsError>
): Effect.Effect<string | undefined> => {
  const own = keyChecks?.[0]
  if (own === undefined) return Effect.succeed(undefined)
  return Effect.gen(function* () {
    const found = yield* bucket.get(clusterRecordKey)
    if (Option.isNone(found)) {
      if ((yield* sealedBy) === "another") return cannotOpen(own)
      yield* bucket.create(clusterRecordKey, { _tag: "Cluster", keyCheck: own })
      return undefined
    }
    const { revision, value } = found.value
    const cluster = value._tag === "Cluster" ? value.keyCheck : ""
    if (cluster === own) return undefined
    // The cluster's key is being changed, and this node was given both; or the record is that of a node which could open no session.
    if (isOwn(cluster, keyChecks) || (yield* sealedBy) === "this node") {
      yield* bucket.update(clusterRecordKey, { _tag: "Cluster", keyCheck: own }, revision)
      return undefined
    }
    return keysDiffer(own, cluster)
  }).pipe(
    // The store is away, or another node was quicker: the next look says.
    Effect.retry({ schedule: Schedule.spaced("500 millis"), times: 20 }),
    Effect.orElseSucceed(() => undefined)
  )
}

/** Whether the cluster's key is one that this node has. */
export const isOwn = (cluster: string, keyChecks: KeyChecks | undefined): boolean =>
  keyChecks === undefined || keyChecks.includes(cluster)

const keysDiffer = (own: string, cluster: string): string =>
  `this node's ROOST_CLUSTER_KEY (check ${own}) is not the cluster's (check ${cluster}): it could open no session and no secret. ` +
  `Start it with the key of the other nodes. ${ifRight}`

const cannotOpen = (own: string): string =>
  `this node's ROOST_CLUSTER_KEY (check ${own}) does not open the newest session in the bucket ${Buckets.sessions.name}: another key sealed it. ` +
  `Start it with the key of the other nodes. ${ifRight}`

const ifRight =
  `If its key is the right one, delete the key "${clusterRecordKey}" of the bucket ${Buckets.leases.name} ` +
  `and purge the bucket ${Buckets.sessions.name}, whose sessions nobody can open`
