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
  /** What was met last is older than what was met before: from a replica that is behind, or the bucket went back. */
  older: boolean
  /** Met since the bucket is being read anew. */
  met: boolean
}
