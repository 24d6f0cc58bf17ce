import type { NatsServer } from "@roost/testkit"
import { Effect } from "effect"
import { cp, mkdtemp, readdir, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"

/** A copy of the disks of all nats-servers at one moment. */
export class StoreCopy implements AsyncDisposable {
  /** In milliseconds since 1970: whatever was acknowledged before is in it. */
  readonly at: number
  readonly #servers: ReadonlyArray<NatsServer>
  readonly #directory: string

  private constructor(at: number, servers: ReadonlyArray<NatsServer>, directory: string) {
    this.at = at
    this.#servers = servers
    this.#directory = directory
  }

  /** The servers stand still meanwhile, so that it is the same moment for every file. */
  static async of(servers: ReadonlyArray<NatsServer>): Promise<StoreCopy> {
    const directory = await mkdtemp(join(tmpdir(), "roost-copy-"))
    const at = Date.now()
    await Promise.all(servers.map(({ pause }) => Effect.runPromise(pause)))
    try {
      await Promise.all(
        servers.map(({ storeDirectory }, i) => cp(storeDirectory, join(directory, String(i)), { recursive: true }))
      )
    } finally {
      await Promise.all(servers.map(({ resume }) => Effect.runPromise(resume)))
    }
    return new StoreCopy(at, servers, directory)
  }

  /** In place of what is there. The servers have to be stopped. */
  async putBack(): Promise<void> {
    for (const [i, { storeDirectory }] of this.#servers.entries()) {
      // The folder itself may be where a disk is mounted.
      for (const name of await readdir(storeDirectory)) await rm(join(storeDirectory, name), { recursive: true })
      await cp(join(this.#directory, String(i)), storeDirectory, { recursive: true })
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#directory, { recursive: true, force: true })
  }
}
