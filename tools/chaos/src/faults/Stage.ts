import type { AppName, RoostOptions } from "@roost/testkit"
import { binaries, hasPostgres, syncsByInterval } from "@roost/testkit"
import type { FaultType } from "./FaultType.ts"
import { bundlesOf, previousCommit } from "./PreviousVersion.ts"
import { HostClock } from "./HostClock.ts"
import { StoreRoom } from "./StoreRoom.ts"

/** The surroundings that faults need before a Roost starts: a clock that can be stepped, disks that can be filled, a database. */
export class Stage implements Disposable {
  readonly clock: HostClock | undefined
  readonly room: StoreRoom | undefined
  /** The file of each app of the previous version, with which all begins. */
  readonly previous: ((app: AppName) => string) | undefined
  readonly #hasPostgres: boolean

  private constructor(
    clock: HostClock | undefined,
    room: StoreRoom | undefined,
    previous: Stage["previous"],
    hasPostgres: boolean
  ) {
    this.clock = clock
    this.room = room
    this.previous = previous
    this.#hasPostgres = hasPostgres
  }

  /** The programs that a fault needs and the machine lacks, and the Debian package of each. */
  static lacks({ group }: FaultType): string | undefined {
    if (group === "host-1" && !HostClock.isAvailable) return "no libfaketime: apt-get install libfaketime"
    if (group === "postgres" && !hasPostgres()) return "no PostgreSQL: apt-get install postgresql"
    return undefined
  }

  /** For faults that the machine lacks nothing for. */
  static for(types: ReadonlyArray<FaultType>, natsServers: number, say: (text: string) => void): Stage {
    const needs = (group: string): boolean => types.some((type) => type.group === group)
    const clock = needs("host-1") ? HostClock.make() : undefined
    const previous = types.some(({ kind }) => kind === "upgrade") ? bundlesOf(previousCommit(), say) : undefined
    return new Stage(clock, needs("store") ? StoreRoom.make(natsServers) : undefined, previous, needs("postgres"))
  }

  /** The nats-server that can keep what it promises, if the machine has one. */
  get options(): Pick<RoostOptions, "natsOptions" | "envOf" | "fileOf" | "postgres"> {
    const newest = binaries()[0]
    const binary = newest !== undefined && syncsByInterval(newest.version) ? ("newest" as const) : ("path" as const)
    const { clock, previous, room } = this
    return {
      natsOptions: (index) => ({ binary, ...room?.natsOptions(index) }),
      ...(clock === undefined ? {} : { envOf: (number) => (number === 1 ? clock.env : {}) }),
      ...(previous === undefined ? {} : { fileOf: previous }),
      postgres: this.#hasPostgres
    }
  }

  [Symbol.dispose](): void {
    this.clock?.[Symbol.dispose]()
    this.room?.[Symbol.dispose]()
  }
}
