import {
  type LeaseAction,
  LeaseKeeper,
  type LeaseRecord,
  type LeaseTiming,
  nodeKey,
  parseLeaseKey,
  partitionKey
} from "@roost/cluster"
import { Ticks } from "../Ticks.ts"
import type { BucketClient, StoredEntry } from "./SimulatedBucket.ts"

/** The host of the partitions that the node keeps leases for. Answers may come at any time, and never inside the call. */
export interface LeaseHost {
  readonly acquire: (partition: number, fencingToken: number, acquired: () => void) => void
  readonly release: (partition: number, released: () => void) => void
  readonly abandon: (partition: number) => void
  /** The node owns other partitions than before. */
  readonly announce: () => void
  /** Everything is handed over: the process ends. */
  readonly drained: () => void
}

/** A host that only takes its time, up to 100 ms. */
export const slowHost = (random: () => number, plan: NodeOptions["plan"]): LeaseHost => ({
  acquire: (_partition, _fencingToken, acquired) => plan(1 + random() * 100, acquired),
  release: (_partition, released) => plan(1 + random() * 100, released),
  abandon: () => undefined,
  announce: () => undefined,
  drained: () => undefined
})

export interface NodeOptions {
  readonly name: string
  readonly timing: LeaseTiming
  readonly partitions: number
  /** Its clock runs this much faster than true time, from this offset on. */
  readonly clockRate: number
  readonly clockOffset: number
  readonly bucket: BucketClient<LeaseRecord>
  readonly plan: (delayMillis: number, run: () => void) => void
  readonly trueNow: () => number
  readonly wallNow: () => number
  readonly host: LeaseHost
  /** For planted faults: lets a node serve although its lease ran out. */
  readonly ignoresItsClock?: boolean
}

/** One session-actors process as far as leases go: the real keeper, a host that only takes time, and pauses. */
export class SimulatedNode {
  readonly name: string
  readonly #options: NodeOptions
  readonly #keeper: LeaseKeeper
  /** As `LeaseService` has it: the node sleeps while its keeper is quiet. */
  readonly #ticks: Ticks
  /** Partitions that the host serves, with the fencing token it serves them under. */
  readonly #hosted = new Map<number, number>()
  /** The messages that arrived while the process was paused. */
  readonly #missed: Array<() => void> = []
  #unwatch: () => void = () => undefined
  #state: "running" | "paused" | "over" = "running"

  constructor(options: NodeOptions) {
    this.#options = options
    this.name = options.name
    let incarnations = 0
    this.#keeper = new LeaseKeeper({
      timing: options.timing,
      partitions: options.partitions,
      newIncarnation: () => `${options.name}-${++incarnations}`,
      wallNow: options.wallNow
    })
    this.#ticks = new Ticks(
      { plan: options.plan, now: options.trueNow },
      (run) => this.process(run),
      () => this.#perform(this.#timeout())
    )
    this.interrupt()
  }

  /** Its watch of the bucket begins anew, see `SimulatedBucket.watch`. */
  interrupt(behind = 0, evades = () => false): void {
    if (this.#state === "over") return
    this.#unwatch()
    this.process(() => {
      this.#keeper.reading()
      this.#perform([])
    })
    this.#unwatch = this.#options.bucket.watch(
      (key, entry) => this.process(() => this.#seen(key, entry)),
      () => this.process(() => this.#perform(this.#keeper.read(this.#now))),
      behind,
      evades
    )
  }

  /** Partitions that it would answer a datagram for at this moment, with their fencing tokens. */
  get serving(): ReadonlyMap<number, number> {
    return this.isServing ? this.#hosted : none
  }

  /** Whether its process runs and holds its lease, as far as it knows. */
  get isServing(): boolean {
    const trusts = this.#options.ignoresItsClock === true || this.#keeper.isServing(this.#now)
    return this.#state === "running" && trusts
  }

  /** Its announcement: partitions with their fencing tokens. */
  get owned(): ReadonlyArray<readonly [partition: number, fencingToken: number]> {
    return this.#keeper.owned
  }

  /** The other node that owns the partition or is about to. */
  destinationOf(partition: number): string | undefined {
    return this.#keeper.destinationOf(partition)
  }

  get isOver(): boolean {
    return this.#state === "over"
  }

  /** It was told to hand everything over. */
  isLeaving = false

  /** Something for its process: runs now, after the pause, or never. */
  process(run: () => void): void {
    if (this.#state === "running") run()
    else if (this.#state === "paused") this.#missed.push(run)
  }

  pause(): void {
    if (this.#state === "running") this.#state = "paused"
  }

  resume(): void {
    if (this.#state !== "paused") return
    this.#state = "running"
    for (const run of this.#missed.splice(0)) run()
  }

  crash(): void {
    this.#state = "over"
    this.#unwatch()
  }

  drain(): void {
    this.isLeaving = true
    this.process(() => this.#perform(this.#keeper.drain(this.#now)))
  }

  get #now(): number {
    return this.#options.clockOffset + this.#options.trueNow() * this.#options.clockRate
  }

  /** It ticks when something is due, or when it may be: in the time before nothing may be missed. */
  #timeout(): ReadonlyArray<LeaseAction> {
    const quiet = this.#keeper.quietMillis(this.#now)
    const actions = this.#keeper.handleTimeout(this.#now)
    if (quiet > 0 && actions.length > 0) {
      throw new Error(`${actions[0]!._tag} was due, and the keeper meant to be quiet for ${quiet} ms`)
    }
    return actions
  }

  #seen(key: string, { revision, value }: StoredEntry<LeaseRecord>): void {
    const parsed = parseLeaseKey(key, this.#options.partitions)
    if (parsed._tag === "Node") {
      this.#perform(
        value?._tag === "Node"
          ? this.#keeper.nodeSeen(this.#now, parsed.incarnation, value, revision)
          : this.#keeper.nodeGone(this.#now, parsed.incarnation, revision)
      )
    } else if (parsed._tag === "Partition" && value?._tag === "Partition") {
      this.#perform(this.#keeper.partitionSeen(this.#now, parsed.partition, value.owner, revision, value.token))
    }
  }

  #perform(actions: ReadonlyArray<LeaseAction>): void {
    for (const action of actions) this.#do(action)
    if (this.#state !== "over") this.#ticks.within(this.#keeper.quietMillis(this.#now) / this.#options.clockRate)
  }

  #do(action: LeaseAction): void {
    const { bucket, host, name, plan, timing } = this.#options
    const keeper = this.#keeper
    switch (action._tag) {
      case "WriteNode": {
        const { beat, incarnation, leaving, revision } = action
        const record = { _tag: "Node", nodeId: name, beat, leaving } as const
        bucket.write(nodeKey(incarnation), record, revision, (outcome) =>
          this.process(() => this.#perform(keeper.nodeWritten(this.#now, beat, outcome)))
        )
        break
      }
      case "ReadNode": {
        let answered = false
        const answer = (found: Parameters<LeaseKeeper["nodeRead"]>[2]) => {
          if (answered) return
          answered = true
          this.#perform(keeper.nodeRead(this.#now, action.incarnation, found))
        }
        bucket.read(nodeKey(action.incarnation), (entry) =>
          this.process(() =>
            answer(entry?.value?._tag === "Node" ? { ...entry.value, revision: entry.revision } : "missing")
          )
        )
        plan(timing.writeMillisMax, () => this.process(() => answer("failed")))
        break
      }
      case "DeleteNode":
        bucket.write(nodeKey(action.incarnation), undefined, action.revision, (outcome) =>
          this.process(() => {
            if (outcome._tag !== "Conflict") return
            keeper.nodeKept(action.incarnation)
            this.#perform([])
          })
        )
        plan(timing.writeMillisMax, () =>
          this.process(() => {
            keeper.nodeKept(action.incarnation)
            this.#perform([])
          })
        )
        break
      case "WritePartition": {
        const { owner, partition, revision, token } = action
        let answered = false
        const answer = (outcome: Parameters<LeaseKeeper["partitionWritten"]>[2]) =>
          this.process(() => {
            if (answered) return
            answered = true
            this.#perform(keeper.partitionWritten(this.#now, partition, outcome))
          })
        bucket.write(partitionKey(partition), { _tag: "Partition", owner, token }, revision, answer)
        plan(timing.writeMillisMax, () => answer({ _tag: "Unknown" }))
        break
      }
      case "Acquire": {
        const { fencingToken, partition } = action
        host.acquire(partition, fencingToken, () =>
          this.process(() => {
            if (!keeper.owned.some(([owned, token]) => owned === partition && token === fencingToken)) return
            this.#hosted.set(partition, fencingToken)
            this.#perform(keeper.acquired(this.#now, partition, fencingToken))
          })
        )
        break
      }
      case "Release":
        this.#hosted.delete(action.partition)
        host.release(action.partition, () =>
          this.process(() => this.#perform(keeper.released(this.#now, action.partition)))
        )
        break
      case "Abandon":
        this.#hosted.delete(action.partition)
        host.abandon(action.partition)
        break
      case "Reread":
        this.interrupt()
        break
      case "Announce":
        host.announce()
        break
      case "Drained":
        host.drained()
        this.crash()
        break
    }
  }
}

const none: ReadonlyMap<number, number> = new Map()
