import { spawnSync } from "node:child_process"
import { closeSync, mkdtempSync, openSync, rmSync, rmdirSync, writeSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

/** Written at once while a disk is filled. */
const chunk = Buffer.alloc(64 * 1024, 1)

/**
 * A disk of a test's own that can be filled to the last byte: a tmpfs, which only root may mount. Where that is not possible
 * `mount` throws and says so; nothing is skipped.
 */
export class SmallDisk implements Disposable {
  readonly directory: string

  private constructor(directory: string) {
    this.directory = directory
  }

  static mount(bytes: number): SmallDisk {
    const directory = mkdtempSync(join(tmpdir(), "roost-disk-"))
    const { error, status, stderr } = spawnSync("mount", ["-t", "tmpfs", "-o", `size=${bytes}`, "roost", directory], {
      encoding: "utf8"
    })
    if (status === 0) return new SmallDisk(directory)
    rmdirSync(directory)
    throw new Error(
      `this test needs a full disk of its own, a tmpfs, which only root with CAP_SYS_ADMIN may mount: ${error?.message ?? stderr}`
    )
  }

  /** Something else takes all that is left, and again what is freed meanwhile. */
  fill(): void {
    const file = openSync(this.#other, "a")
    try {
      for (let size = chunk.length; size > 0; size = size >> 1) while (takes(file, size)) {}
    } finally {
      closeSync(file)
    }
  }

  /** It is gone again. */
  free(): void {
    rmSync(this.#other, { force: true })
  }

  [Symbol.dispose](): void {
    // Lazily: a process that still ends may hold files of it.
    spawnSync("umount", ["-l", this.directory])
    rmdirSync(this.directory)
  }

  get #other(): string {
    return join(this.directory, "something-else")
  }
}

/** Whether the disk had room for it. */
const takes = (file: number, size: number): boolean => {
  try {
    return writeSync(file, chunk, 0, size) > 0
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOSPC") return false
    throw error
  }
}
