/**
 * One partition as this node sees it.
 *
 *   none ─► claiming ─► acquiring ─► serving ─► releasing ─► freeing ─► none
 *
 * Any of them goes back to `none` when the lease is lost.
 */
export interface Place {
  owner: string
  revision: number
  stage: "none" | "claiming" | "acquiring" | "serving" | "releasing" | "freeing"
  /** Of this node's own turn. */
  fencingToken: number
  /** The largest fencing token that was met. */
  token: number
  /** Nothing is to be tried before this time: an answer is missing, or what is known is out of date. */
  waitUntil: number
  /** The highest revision that was ever met or written: what is read anew from a replica may be older. */
  newest: number
  /** The last read is older than the one before: from a replica that is behind, or the bucket went back. */
  older: boolean
  /** Met since the bucket is being read anew. */
  met: boolean
  /** Writes in a row that met another revision than the one that is known. */
  conflicts: number
}

/** Nobody's, as far as is known. */
export const emptyPlace = (): Place => ({
  owner: "",
  revision: 0,
  stage: "none",
  fencingToken: 0,
  token: 0,
  waitUntil: 0,
  newest: 0,
  older: false,
  met: false,
  conflicts: 0
})

/** So many conflicts in a row, with time in between, show that what is known is out of date. */
const conflictsMax = 3

/** Another revision stood in the way of a write; whether that is so again and again. */
export const conflicted = (place: Place): boolean => {
  place.stage = "none"
  return ++place.conflicts >= conflictsMax
}

/** The bucket's answers are void: it is another one now, or has gone back. */
export const forgetBucket = (place: Place): void => {
  place.owner = ""
  place.revision = 0
  place.newest = 0
  place.older = false
  place.waitUntil = 0
}

/** Partitions that this node owns, with their fencing tokens. */
export const ownedOf = (
  places: ReadonlyArray<Place>
): ReadonlyArray<readonly [partition: number, fencingToken: number]> =>
  places.flatMap(({ fencingToken, stage }, partition) =>
    stage === "acquiring" || stage === "serving" || stage === "releasing" ? [[partition, fencingToken] as const] : []
  )

/** The stages and owners of the partitions that are this node's to serve and are not served, with how many there are of each. */
export const missingBy = (
  places: ReadonlyArray<Place>,
  isTarget: (partition: number) => boolean
): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>()
  for (const [partition, { owner, stage }] of places.entries()) {
    if (stage === "serving" || !isTarget(partition)) continue
    const what = stage !== "none" ? stage : owner === "" ? "free" : `owned by ${owner}`
    counts.set(what, (counts.get(what) ?? 0) + 1)
  }
  return counts
}

export const countOf = (places: ReadonlyArray<Place>, ...stages: ReadonlyArray<Place["stage"]>): number => {
  let count = 0
  for (const { stage } of places) if (stages.includes(stage)) count++
  return count
}
