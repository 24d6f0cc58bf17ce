import { Buckets } from "@roost/contracts"
import { Effect, Schema } from "effect"
import { openBucket } from "../Bucket.ts"

/** As large as a page of most file systems: it needs room that no earlier write has left. */
const probe = "0".repeat(4096)

/** Writes a page into the bucket STORE, since a server whose disk is full still lists its streams. */
export const probeStore = Effect.flatMap(openBucket(Buckets.store, Schema.String), (bucket) =>
  bucket.put("probe", probe)
)
