import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

/**
 * The wall clock of processes that run under libfaketime. Their monotonic clocks go on as they were, as when a real host's clock is
 * set. nats-server makes its system calls itself and would not notice.
 */
export class HostClock implements Disposable {
  /** For the processes of the host. */
  readonly env: Readonly<Record<string, string>>
  readonly #directory: string

  private constructor(library: string, directory: string) {
    this.#directory = directory
    this.env = {
      LD_PRELOAD: library,
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
      NO_FAKE_STAT: "1",
      FAKETIME_TIMESTAMP_FILE: this.#file,
      // Seconds until a step is noticed.
      FAKETIME_CACHE_DURATION: "1"
    }
    this.set(0)
  }

  /** Whether the machine has Debian's libfaketime. */
  static get isAvailable(): boolean {
    return libraryOf("/usr/lib") !== undefined
  }

  static make(): HostClock {
    const library = libraryOf("/usr/lib")
    if (library === undefined) throw new Error("no libfaketime: on Debian apt-get install libfaketime")
    return new HostClock(library, mkdtempSync(join(tmpdir(), "roost-clock-")))
  }

  /** Seconds that the host's clock is ahead of the others'. */
  set(seconds: number): void {
    writeFileSync(`${this.#file}.new`, `${seconds < 0 ? "" : "+"}${seconds}\n`)
    renameSync(`${this.#file}.new`, this.#file)
  }

  [Symbol.dispose](): void {
    rmSync(this.#directory, { recursive: true, force: true })
  }

  get #file(): string {
    return join(this.#directory, "clock")
  }
}

/** One folder per architecture. */
const libraryOf = (folder: string): string | undefined =>
  existsSync(folder)
    ? readdirSync(folder)
        .map((name) => join(folder, name, "faketime", "libfaketimeMT.so.1"))
        .find((path) => existsSync(path))
    : undefined
