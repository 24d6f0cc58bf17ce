import { calmMillisMax, tickMillis } from "@roost/actors"
import { announceMillis, defaultLeaseTiming } from "@roost/cluster"
import { type Command, commandIdOfKey, isPending, type PlacementAnnouncement, Subjects } from "@roost/contracts"
import { defaultDeviceSessionConfig, DeviceHost, EndedCommands } from "@roost/device-session"
import type { Network } from "../leases/SimulatedBucket.ts"
import { SimulatedNode } from "../leases/SimulatedNode.ts"
import { FollowedBucket } from "./FollowedBucket.ts"
import { NodeEffects } from "./NodeEffects.ts"
import { deliveryOf, partitionOfKey } from "./PartitionLoad.ts"
import { epochMillis, partitionsUsed, type Surroundings } from "./Surroundings.ts"
import { Ticks } from "../Ticks.ts"

/** Between two tries to read a partition from a store that does not answer. */
const loadRetryMillis = 1_000

/** A session-actors process: the real `DeviceHost` and `LeaseKeeper`, joined as `DeviceSessionService` and `makePartitions` join them. */
export class ActorsProcess {
  readonly name: string
  readonly lease: SimulatedNode
  readonly #around: Surroundings
  readonly #host: DeviceHost
  readonly #network: Network
  readonly #commands: FollowedBucket<Command>
  readonly #ended = new EndedCommands()
  readonly #ticks: Ticks
  #served = true
  #term: number
  /** The same bytes until something changes, as `announcePlacement` has them. */
  #announcement: Uint8Array | undefined
  #serving = true
  #ownsNothing = true

  constructor(around: Surroundings, name: string) {
    const { bus, now, plan, planted, random, store } = around
    this.name = name
    this.#around = around
    this.#term = now()
    this.#network = store.networkOf(name)
    const effects = new NodeEffects({
      around,
      name,
      lease: () => this.lease,
      host: () => this.#host,
      answered: () => this.#endTurn()
    })
    this.#host = new DeviceHost({
      config: { ...defaultDeviceSessionConfig, nodeId: name },
      carryOut: effects.carryOut,
      crypto: around.crypto,
      random: planted.repeatsNonces === true ? () => 0 : random,
      now: now(),
      ...(planted.repeatsNonces === true ? { wallOf: () => epochMillis } : {})
    })
    this.#ticks = new Ticks(
      around,
      (run) => this.lease.process(run),
      () => this.#tick()
    )
    const clockOffset = random() * 1e9
    this.lease = new SimulatedNode({
      name,
      timing: defaultLeaseTiming,
      partitions: partitionsUsed,
      clockRate: 0.98 + random() * 0.04,
      clockOffset,
      bucket: store.leases.through(this.#network),
      plan,
      trueNow: now,
      wallNow: now,
      ignoresItsClock: planted.servesWithoutLease ?? false,
      host: {
        acquire: (partition, fencingToken, acquired) => this.#acquire(partition, fencingToken, acquired),
        release: (partition, released) => {
          this.#host.release(now(), partition, () => plan(0, released))
          this.#endTurn()
        },
        abandon: (partition) => this.#host.abandon(partition),
        announce: () => {
          this.#term++
          this.#announcement = undefined
          this.#ownsNothing = this.lease.owned.length === 0
          this.#announce()
        },
        drained: () => {
          this.#say(this.#announcementOf(true))
          this.end()
        }
      }
    })
    this.#commands = new FollowedBucket(store.commands.through(this.#network), {
      put: (_key, command, revision) => this.lease.process(() => this.#commandSeen(command, revision)),
      deleted: (key, revision) => this.lease.process(() => this.#commandGone(commandIdOfKey(key), revision))
    })
    for (const subject of [Subjects.frameToNode(name), Subjects.frameToNodes]) {
      bus.subscribe(name, subject, (frame) => this.lease.process(() => this.#frame(frame)))
    }
    bus.subscribe(name, Subjects.placementAsk, () => this.lease.process(() => this.#announce()))
    const announce = () => {
      if (this.lease.isOver) return
      this.lease.process(() => this.#announce())
      plan(announceMillis, announce)
    }
    announce()
    this.#ticks.within(tickMillis)
  }

  /** Its process is gone, with whatever it had not sent. */
  kill(): void {
    this.lease.crash()
    this.end()
  }

  /** Its watches broke off: the store was away, or went back. */
  interrupt(): void {
    if (this.lease.isOver) return
    this.lease.interrupt()
    this.#commands.follow()
  }

  end(): void {
    this.#commands.stop()
    this.#around.bus.leave(this.name)
  }

  #frame(frame: Uint8Array): void {
    if (!this.lease.isServing) {
      this.#served = false
      return
    }
    this.#host.handleFrame(this.#around.now(), frame)
    this.#endTurn()
  }

  #tick(): void {
    const served = this.#served
    this.#served = this.lease.isServing
    const now = this.#around.now()
    if (this.#served) {
      if (!served) this.#host.resume(now)
      this.#host.handleTimeout(now)
      this.#host.flush(now)
    }
    this.#ticks.within(this.#served ? this.#host.quietMillis(now, calmMillisMax) : tickMillis)
  }

  #endTurn(): void {
    const now = this.#around.now()
    const hasMore = this.#host.flush(now)
    if (hasMore) this.#around.plan(1, () => this.lease.process(() => this.#endTurn()))
    this.#ticks.within(this.#host.quietMillis(now, calmMillisMax))
  }

  #acquire(partition: number, fencingToken: number, acquired: () => void): void {
    const { now, plan, store, trace } = this.#around
    trace.note(now() - epochMillis, "acquire", () => `${this.name} partition ${partition} under ${fencingToken}`)
    this.#host.acquire(now(), partition, fencingToken)
    let opened = false
    const read = (): void => {
      const there = this.#network.delay()
      const back = this.#network.delay()
      plan(loadRetryMillis, () => this.lease.process(() => !opened && read()))
      if (there === undefined || back === undefined) return
      plan(there, () => {
        const sessions = [...store.sessions.entries].filter(([key]) => partitionOfKey(key) === partition)
        const commands = [...store.commands.entries].filter(([key]) => partitionOfKey(key) === partition)
        plan(back, () =>
          this.lease.process(() => {
            if (opened) return
            opened = true
            for (const [key, { revision, value }] of sessions) {
              if (value !== undefined) this.#host.restore(now(), revision, this.#asRead(key, value))
            }
            for (const [key, { revision, value }] of commands) {
              if (value !== undefined && this.#ended.isNewer(commandIdOfKey(key), revision)) this.#deliver(value)
            }
            this.#host.open(now(), partition, fencingToken)
            acquired()
            this.#endTurn()
          })
        )
      })
    }
    read()
  }

  /** A planted fault: the first that was stored of the session. */
  #asRead(key: string, value: Uint8Array): Uint8Array {
    if (this.#around.planted.repeatsNonces !== true) return new Uint8Array(value)
    return new Uint8Array(this.#around.store.sessions.log.find(([one]) => one === key)?.[1].value ?? value)
  }

  #commandSeen(command: Command, revision: number): void {
    if (!isPending(command.state)) return this.#commandGone(command.commandId, revision)
    this.#ended.pending(command.commandId)
    this.#deliver(command)
    this.#endTurn()
  }

  #deliver(command: Command): void {
    if (isPending(command.state)) this.#host.handleCommand(command.productKey, command.deviceKey, deliveryOf(command))
  }

  #commandGone(commandId: string, revision: number): void {
    this.#host.handleCommandGone(commandId)
    this.#ended.ended(commandId, revision)
    this.#endTurn()
  }

  #announce(): void {
    const serving = this.#ownsNothing || this.lease.isServing
    if (serving !== this.#serving) {
      this.#serving = serving
      this.#term++
      this.#announcement = undefined
    }
    this.#announcement ??= this.#announcementOf(false)
    this.#say(this.#announcement)
  }

  #announcementOf(leaving: boolean): Uint8Array {
    const announcement: PlacementAnnouncement = {
      nodeId: this.name,
      partitions: this.lease.owned,
      term: this.#term,
      leaving,
      ...(this.#serving ? {} : { serving: false })
    }
    return utf8.encode(JSON.stringify(announcement))
  }

  #say(announcement: Uint8Array): void {
    this.#around.bus.publish(this.name, Subjects.placementAnnounce, announcement)
  }
}

const utf8 = new TextEncoder()
