import { Ticker } from "@roost/actors"
import { Buckets, base32Number, type KeyChecks } from "@roost/contracts"
import { type Bucket, awaitStreams, FrameBus, NatsConnection, NatsError, openBucket } from "@roost/nats"
import { type Health, metrics } from "@roost/observability"
import { Clock, type Config, Deferred, Effect, Exit, FiberSet, Option, Scope } from "effect"
import { ClockComparison } from "./ClockComparison.ts"
import { foreignKey, isOwn, type SealedBy } from "./ClusterKey.ts"
import type { LeaseAction, WriteOutcome } from "./LeaseAction.ts"
import { LeaseKeeper } from "./LeaseKeeper.ts"
import { LeaseRecord, nodeKey, parseLeaseKey, partitionKey } from "./LeaseRecords.ts"
import { defaultLeaseTiming, type LeaseTiming } from "./LeaseTiming.ts"
import type { PartitionHost } from "./PartitionHost.ts"
import { announcePlacement } from "./PlacementAnnouncer.ts"
import { hasEnded, ownProcessName } from "./ProcessName.ts"

/** How long a node that is told to end may take to hand its partitions over. */
export const drainMillisMax = 15_000

/** How long a refusal of the store counts: renewals are tried more often. */
const refusalMillisMax = 3_000
/** A refusal is logged again after so long. */
const tellMillis = 60_000

/** The rest of a session-actors process asks this of its leases. */
export interface Leases {
  /**
   * Whether this process may serve what it owns. To be asked at the start of every batch. A process that was paused goes on
   * where it was, and somebody else may serve its devices since.
   */
  readonly isServing: () => boolean
  /**
   * The lease ran out since the store refuses to renew it, as it refuses all others: nobody can have taken the partitions. Devices are
   * to hear 5.00 then, and nothing may be stored.
   */
  readonly isRefusing: () => boolean
  /** Why this node does not serve yet all that it should; undefined when it does. */
  readonly unsettled: () => string | undefined
  /** The `nodeId` of the other node that owns a partition or is about to; undefined if it is this node or nobody is known. */
  readonly destinationOf: (partition: number) => string | undefined
}

/**
 * Takes part in the division of the partitions until the scope ends, and hands everything over then. It joins, renews,
 * claims, gives back, and announces to the edges what is owned. `LeaseKeeper` decides; this carries it out. A node whose
 * cluster key is not the cluster's, or whose clock differs from the others', wants no partitions and says why.
 */
export const keepLeases = Effect.fnUntraced(function* (options: {
  readonly nodeId: string
  readonly host: PartitionHost
  readonly timing?: LeaseTiming
  /** `keyCheck` of the node's cluster key, and of former ones that it can still open what is sealed with. */
  readonly keyChecks?: KeyChecks
  /** Under whose key this cluster's newest session is sealed: asked for where the bucket LEASES doesn't settle it. */
  readonly sealedBy?: Effect.Effect<SealedBy, NatsError>
  /** Of the routing key, for edges to compare with theirs. */
  readonly routingKeyChecks?: KeyChecks
}): Effect.fn.Return<Leases, Config.ConfigError, NatsConnection | FrameBus | Health | Scope.Scope> {
  const { host, nodeId } = options
  const timing = options.timing ?? defaultLeaseTiming
  yield* awaitStreams({ streams: [], buckets: [Buckets.leases] })
  const bucket = yield* openBucket(Buckets.leases, LeaseRecord)
  const clock = yield* Clock.Clock
  const now = () => Number(clock.monotonicTimeNanosUnsafe() / 1_000n) / 1_000
  const drained = yield* Deferred.make<void>()
  // The keeper comes later: a node without partitions serves none.
  let isServing = () => true
  const announcer = yield* announcePlacement(nodeId, [], options.routingKeyChecks, () => isServing())
  const process = ownProcessName()
  const keeper = new LeaseKeeper({
    timing,
    newIncarnation: () => `${nodeId}-${randomName()}`,
    hasEnded,
    wallNow: Date.now
  })
  isServing = () => keeper.owned.length === 0 || keeper.isServing(now())
  yield* Effect.acquireRelease(
    Effect.sync(() => exportGauges(keeper, now)),
    (release) => Effect.sync(release)
  )
  const working = yield* FiberSet.make()
  const run = yield* FiberSet.runtime(working)<never>()

  const clocked: { ticker?: Ticker } = {}
  const clocks = new ClockComparison()
  const readKey = foreignKey(bucket, options.keyChecks, options.sealedBy ?? Effect.succeed("nobody"))
  const unfit = { key: yield* readKey, clock: undefined as string | undefined }
  let unfitness: string | undefined

  const own = (incarnation: string): boolean => incarnation === keeper.incarnation

  const refusal = { at: -Infinity, toldAt: -Infinity, text: "" }
  const noteRefusal = (error: unknown): void => {
    if (!(error instanceof NatsError && error.isStoreRefusal)) return
    const at = now()
    refusal.at = at
    refusal.text = error.message
    if (at - refusal.toldAt < tellMillis || keeper.isServing(at)) return
    refusal.toldAt = at
    run(Effect.logError(refusedText(refusal.text)))
  }
  const isRefused = (): boolean => !keeper.isServing(now()) && now() - refusal.at < refusalMillisMax
  const noteStored = (): void => {
    refusal.at = -Infinity
    if (refusal.toldAt === -Infinity) return
    refusal.toldAt = -Infinity
    run(Effect.logWarning("the store renews this node's lease again"))
  }

  /** Stands by, or takes part again, if what is wrong with this node has changed. */
  const judge = (): void => {
    const difference = clocks.differenceOf(keeper.incarnation)
    unfit.clock = difference === undefined ? undefined : clockDiffers(difference)
    const why = unfit.key ?? unfit.clock
    if ((why === undefined) !== (unfitness === undefined)) {
      const text =
        why ?? "what was wrong with this node is right again: it takes part in the division of the partitions"
      run(
        why === undefined
          ? Effect.logInfo(text)
          : Effect.logError(`${why}. It takes no partitions that others can have`)
      )
    }
    unfitness = why
    perform(keeper.standBy(now(), why !== undefined))
  }

  const perform = (actions: ReadonlyArray<LeaseAction>): void => {
    // The keeper's news may have changed its next deadline.
    clocked.ticker?.reschedule()
    let announces = false
    for (const action of actions) {
      if (action._tag === "Announce") announces = true
      else if (action._tag === "Abandon") host.abandon(action.partition)
      else if (action._tag === "Reread") run(rewatch)
      else run(carryOut(action))
    }
    if (!announces) return
    announcer.own(keeper.owned)
    changes.inc()
  }

  const carryOut = (
    action: Exclude<LeaseAction, { readonly _tag: "Announce" | "Abandon" | "Reread" }>
  ): Effect.Effect<void> => {
    switch (action._tag) {
      case "WriteNode": {
        const { beat, incarnation, leaving, revision } = action
        const record: LeaseRecord = {
          _tag: "Node",
          nodeId,
          beat,
          leaving,
          wall: Date.now(),
          ...(process === undefined ? {} : { process })
        }
        return write(bucket, nodeKey(incarnation), record, revision, timing, noteRefusal).pipe(
          Effect.map((outcome) => {
            if (outcome._tag === "Stored") noteStored()
            else renewalsFailed.inc()
            perform(keeper.nodeWritten(now(), beat, outcome))
          })
        )
      }
      case "ReadNode":
        return bucket.get(nodeKey(action.incarnation)).pipe(
          Effect.timeout(timing.writeMillisMax),
          Effect.map((found) => {
            if (Option.isNone(found)) return "missing" as const
            const { revision, value } = found.value
            return value._tag === "Node" ? { ...value, revision } : ("failed" as const)
          }),
          Effect.tapError((error) => Effect.sync(() => noteRefusal(error))),
          Effect.orElseSucceed(() => "failed" as const),
          Effect.map((found) => perform(keeper.nodeRead(now(), action.incarnation, found)))
        )
      case "DeleteNode": {
        // Asked now: once the record is gone this node has another name.
        const isOwn = own(action.incarnation)
        // The own record at whatever revision: a renewal may be on its way, and nobody else writes it.
        return bucket.delete(nodeKey(action.incarnation), isOwn ? undefined : action.revision).pipe(
          Effect.timeout(timing.writeMillisMax),
          Effect.matchEffect({
            onSuccess: () =>
              isOwn
                ? Effect.void
                : Effect.logWarning(
                    `${action.incarnation} has ended or was silent for too long: others take its partitions`
                  ),
            onFailure: () =>
              Effect.sync(() => {
                keeper.nodeKept(action.incarnation)
                clocked.ticker?.reschedule()
              })
          })
        )
      }
      case "WritePartition": {
        const { owner, partition, revision, token } = action
        return write(bucket, partitionKey(partition), { _tag: "Partition", owner, token }, revision, timing).pipe(
          Effect.map((outcome) => perform(keeper.partitionWritten(now(), partition, outcome)))
        )
      }
      case "Acquire":
        return host
          .acquire(action.partition, action.fencingToken)
          .pipe(Effect.map(() => perform(keeper.acquired(now(), action.partition, action.fencingToken))))
      case "Release":
        return host.release(action.partition).pipe(Effect.map(() => perform(keeper.released(now(), action.partition))))
      case "Drained":
        return Effect.asVoid(Deferred.succeed(drained, undefined))
    }
  }

  const judgeKey = Effect.map(readKey, (why) => {
    unfit.key = why
    judge()
  })

  const watch = bucket.watch(">", {
    onStart: () => keeper.reading(),
    onPut: ({ key, revision, storedAt, value }) => {
      const parsed = parseLeaseKey(key)
      if (parsed._tag === "Node" && value._tag === "Node") {
        if (value.wall !== undefined) clocks.told(parsed.incarnation, value.wall, storedAt)
        judge()
        perform(keeper.nodeSeen(now(), parsed.incarnation, value, revision))
      } else if (parsed._tag === "Partition" && value._tag === "Partition") {
        perform(keeper.partitionSeen(now(), parsed.partition, value.owner, revision, value.token))
      } else if (parsed._tag === "Cluster" && value._tag === "Cluster") {
        if (isOwn(value.keyCheck, options.keyChecks)) {
          unfit.key = undefined
          judge()
        } else run(judgeKey)
      }
    },
    onDelete: (key, revision) => {
      const parsed = parseLeaseKey(key)
      if (parsed._tag !== "Node") return
      clocks.forget(parsed.incarnation)
      perform(keeper.nodeGone(now(), parsed.incarnation, revision))
    },
    onInitialDone: () => perform(keeper.read(now()))
  })
  const scope = yield* Effect.scope
  let watching = yield* Scope.fork(scope)
  const rewatch = Effect.gen(function* () {
    yield* Scope.close(watching, Exit.void)
    watching = yield* Scope.fork(scope)
    yield* Scope.provide(watch, watching)
    yield* judgeKey
  })
  judge()
  yield* Scope.provide(watch, watching)
  clocked.ticker = yield* Effect.acquireRelease(
    Effect.sync(
      () =>
        new Ticker(
          () => perform(keeper.handleTimeout(now())),
          () => keeper.quietMillis(now())
        )
    ),
    (ticker) => Effect.sync(() => ticker.stop())
  )
  yield* Effect.addFinalizer(() =>
    Effect.sync(() => {
      const { length } = keeper.owned
      perform(keeper.drain(now()))
      return length
    }).pipe(
      Effect.tap(() => Deferred.await(drained)),
      Effect.tap(() => FiberSet.awaitEmpty(working)),
      Effect.timeout(drainMillisMax),
      Effect.flatMap((count) => Effect.logInfo(`handed over ${count} partitions`)),
      Effect.catch(() => Effect.logWarning(`not everything was handed over within ${drainMillisMax} ms`))
    )
  )
  const unsettled = () => {
    if (unfitness !== undefined) return unfitness
    if (isRefused()) return refusedText(refusal.text)
    if (!keeper.isServing(now())) return "no lease is held"
    const { missing } = keeper
    if (missing === 0) return undefined
    const by = [...keeper.missingBy].map(([what, count]) => `${count} ${what}`).join(", ")
    return `${missing} partitions of this node are not served yet: ${by}`
  }
  return {
    isServing: () => keeper.isServing(now()),
    isRefusing: isRefused,
    unsettled,
    destinationOf: (partition) => keeper.destinationOf(partition)
  }
})

const refusedText = (why: string): string =>
  `no lease is held, since the store refuses to renew it: ${why}. Devices are answered 5.00 until it does; make room on the disk of nats-server`

const clockDiffers = (millis: number): string =>
  `this node's clock is ${Math.round(Math.abs(millis) / 1000)} s ${millis > 0 ? "ahead of" : "behind"} the clocks of the other nodes ` +
  `and of nats-server: commands would expire at the wrong time. Set it, by a time daemon`

const write = (
  bucket: Bucket<LeaseRecord>,
  key: string,
  record: LeaseRecord,
  revision: number,
  timing: LeaseTiming,
  noteRefusal: (error: unknown) => void = () => {}
): Effect.Effect<WriteOutcome> =>
  (revision === 0 ? bucket.create(key, record) : bucket.update(key, record, revision)).pipe(
    Effect.timeout(timing.writeMillisMax),
    Effect.map((stored): WriteOutcome => ({ _tag: "Stored", revision: stored })),
    Effect.tapError((error) => Effect.sync(() => noteRefusal(error))),
    Effect.catch((error) =>
      Effect.succeed<WriteOutcome>(
        error instanceof NatsError && error.reason === "Conflict" ? { _tag: "Conflict" } : { _tag: "Unknown" }
      )
    )
  )

/** 40 random bits: no two processes of a cluster's life share a name. */
const randomName = (): string => base32Number(Math.floor(Math.random() * 32 ** 8), 8)

/** Read when they are asked for: ten times a second was a fifth of an idle node's CPU. */
const exportGauges = (keeper: LeaseKeeper, now: () => number): (() => void) => {
  const releases = [
    metrics.gaugeFrom("roost_cluster_partitions_owned", "Partitions that this node owns.", () => keeper.owned.length),
    metrics.gaugeFrom("roost_cluster_nodes", "Session-actors nodes that this node knows.", () => keeper.members),
    metrics.gaugeFrom("roost_cluster_lease_held", "1 while this node may serve.", () =>
      keeper.isServing(now()) ? 1 : 0
    )
  ]
  return () => {
    for (const release of releases) release()
  }
}
const changes = metrics.counter("roost_cluster_rebalances_total", "Changes of what this node owns.")
const renewalsFailed = metrics.counter(
  "roost_cluster_renewals_failed_total",
  "Lease renewals without a positive answer."
)
