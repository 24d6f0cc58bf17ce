import { jetstream, jetstreamManager, type JetStreamManager, StorageType } from "@nats-io/jetstream"
import { connect, type NatsConnection } from "@nats-io/transport-node"
import { type NatsServer, type NatsServerOptions, SmallDisk } from "@roost/testkit"
import { join } from "node:path"

/** Of the disk of each nats-server: its streams may take 70 % of them. */
const diskBytes = 128 * 1024 * 1024
const ballast = { name: "CHAOS_BALLAST", subject: "chaos.ballast", messageBytes: 512 * 1024 } as const

/** How much each nats-server can store, and ways to use it up. */
export class StoreRoom implements Disposable {
  readonly #disks: ReadonlyArray<SmallDisk> | undefined

  private constructor(disks: ReadonlyArray<SmallDisk> | undefined) {
    this.#disks = disks
  }

  /** A small disk for each server, or where none can be mounted a small `max_file_store`. */
  static make(servers: number): StoreRoom {
    const disks: Array<SmallDisk> = []
    try {
      while (disks.length < servers) disks.push(SmallDisk.mount(diskBytes))
      return new StoreRoom(disks)
    } catch {
      // Only root may mount.
      return new StoreRoom(undefined)
    }
  }

  /** Names the kind of the two, for people. */
  get kind(): string {
    const mebibytes = diskBytes / 1024 / 1024
    return this.#disks === undefined
      ? "no disk can be mounted without Linux and root: max_file_store is small instead"
      : `each nats-server stores on a disk of ${mebibytes} MiB of its own, in memory`
  }

  /** For the server with this index. */
  natsOptions(index: number): NatsServerOptions {
    const disk = this.#disks?.[index]
    return disk === undefined
      ? { fileStoreBytes: Math.floor(diskBytes * 0.7) }
      : { storeDirectory: join(disk.directory, "store") }
  }

  /** No byte is left, on the disks or else within `max_file_store`. */
  async fillDisks(servers: ReadonlyArray<NatsServer>): Promise<void> {
    if (this.#disks === undefined) return this.fillStreams(servers)
    for (const disk of this.#disks) disk.fill()
  }

  async freeDisks(servers: ReadonlyArray<NatsServer>): Promise<void> {
    if (this.#disks === undefined) return this.freeStreams(servers)
    for (const disk of this.#disks) disk.free()
  }

  /** A stream of ours takes whatever `max_file_store` leaves. */
  fillStreams(servers: ReadonlyArray<NatsServer>): Promise<void> {
    return withManager(servers, async (manager, nats) => {
      await manager.streams.add({
        name: ballast.name,
        subjects: [ballast.subject],
        storage: StorageType.File,
        num_replicas: Math.min(3, servers.length)
      })
      const payload = new Uint8Array(ballast.messageBytes)
      for (let sent = 0; sent * payload.length < diskBytes; sent++) {
        try {
          await jetstream(nats).publish(ballast.subject, payload)
        } catch {
          return
        }
      }
    })
  }

  freeStreams(servers: ReadonlyArray<NatsServer>): Promise<void> {
    return withManager(servers, async (manager) => {
      await manager.streams.delete(ballast.name)
    })
  }

  [Symbol.dispose](): void {
    for (const disk of this.#disks ?? []) disk[Symbol.dispose]()
  }
}

/** Servers that have just started may need some time. */
const answersWithinMillis = 30_000

export const withManager = async <A>(
  servers: ReadonlyArray<NatsServer>,
  use: (manager: JetStreamManager, nats: NatsConnection) => Promise<A>
): Promise<A> => {
  const nats = await connect({ servers: servers.map(({ url }) => url) })
  try {
    return await use(await jetstreamManager(nats, { timeout: answersWithinMillis, checkAPI: false }), nats)
  } finally {
    await nats.close()
  }
}
