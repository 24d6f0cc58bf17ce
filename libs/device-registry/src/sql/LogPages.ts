import type { DatabaseSync } from "node:sqlite"

/** How many pages the log has, and how many of them are in their places as well. */
export interface LogPages {
  readonly log: number
  readonly moved: number
}

const triesMax = 3

/** Moves the pages of the log while another thread writes. False: more came meanwhile. */
export const moveLog = (db: DatabaseSync, schema: string): boolean => {
  for (let tries = 0; tries < triesMax; tries++) {
    const { log, moved } = checkpoint(db, "PASSIVE", schema)
    if (log === moved) return true
  }
  return false
}

/** NOOP only counts; PASSIVE moves what it can without waiting for anybody. */
export type CheckpointMode = "NOOP" | "PASSIVE"

export const checkpoint = (db: DatabaseSync, mode: CheckpointMode, schema = "main"): LogPages => {
  const { checkpointed, log } = db.prepare(`PRAGMA ${schema}.wal_checkpoint(${mode})`).get()!
  return { log: Number(log), moved: Number(checkpointed) }
}
