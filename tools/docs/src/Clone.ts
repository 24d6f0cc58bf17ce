import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs"
import { tmpdir } from "node:os"
import { basename, join, resolve } from "node:path"

export const root = resolve(import.meta.dirname, "../../..")

export const apps = ["udp-edge", "session-actors", "registry", "downlink-queue", "sinks"] as const

/** Folders that a fresh clone has not. */
const leftOut = new Set([".git", ".nx", ".roost", ".venv", "dist", "node_modules", "target"])

/** A fresh clone after `npm ci`, as its readers have it: what the pages make stays in there, and goes with it. */
export class Clone implements Disposable {
  /** Of the clone, and `elsewhere` beside it. */
  readonly #folder = mkdtempSync(join(tmpdir(), "roost-docs-"))
  readonly path = join(this.#folder, "roost")
  /** For what the pages put outside of the clone. */
  readonly elsewhere = join(this.#folder, "root")

  constructor() {
    cpSync(root, this.path, { recursive: true, filter: (source) => source === root || !leftOut.has(basename(source)) })
    symlinkSync(join(root, "node_modules"), join(this.path, "node_modules"))
    mkdirSync(this.elsewhere)
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
