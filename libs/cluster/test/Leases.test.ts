import { assert, describe, it } from "@effect/vitest"
import { Buckets, partitionCount } from "@roost/contracts"
import { NatsConnection } from "@roost/nats"
import { type ChildProcess, childProcess, natsServer, waitUntil } from "@roost/testkit"
import { Health } from "@roost/observability"
import { ConfigProvider, Effect, Layer } from "effect"
import { fileURLToPath } from "node:url"
import { defaultLeaseTiming } from "../src/index.ts"

const program = fileURLToPath(new URL("support/leaseNode.ts", import.meta.url))
const { leaseMillis, marginMillis } = defaultLeaseTiming

interface Turn {
  readonly node: string
  readonly partition: number
  readonly token: number
  readonly from: number
  to: number
}

/** The lines of all nodes, as turns of serving; their clocks are one. */
class Turns {
  readonly all: Array<Turn> = []
  readonly heard: Array<readonly [node: string, at: number, what: string, value: unknown]> = []

  hear(node: string, line: string): void {
    const [at, what, value, token] = JSON.parse(line) as [number, string, number | boolean | undefined, number]
    this.heard.push([node, at, what, value])
    if (what === "acquire") this.all.push({ node, partition: Number(value), token, from: at, to: Infinity })
    else if (what === "release" || what === "abandon") {
      const turn = this.all.findLast((one) => one.node === node && one.partition === value)!
      turn.to = Math.min(turn.to, at)
    }
  }

  /** The process was killed or stopped: it serves nothing from now on. */
  end(node: string, at: number): void {
    for (const turn of this.all) if (turn.node === node && turn.to > at) turn.to = at
  }

  /** When the node last said anything. */
  lastWordOf(node: string): number {
    return this.heard.findLast(([who]) => who === node)![1]
  }

  /** The longest time in which the node said nothing, from then on. */
  longestSilenceOf(node: string, from: number): number {
    const words = this.heard.flatMap(([who, at]) => (who === node && at >= from ? [at] : []))
    return Math.max(...words.map((at, index) => at - (words[index - 1] ?? from)))
  }

  get current(): ReadonlyMap<string, number> {
    const counts = new Map<string, number>()
    for (const { node, to } of this.all) if (to === Infinity) counts.set(node, (counts.get(node) ?? 0) + 1)
    return counts
  }

  /** The node's last reason for not serving its partitions. */
  unsettled(node: string): string {
    return String(this.heard.findLast(([who, , what]) => who === node && what === "unsettled")?.[3] ?? "")
  }

  get allServed(): boolean {
    return (
      new Set(this.all.filter(({ to }) => to === Infinity).map(({ partition }) => partition)).size === partitionCount
    )
  }

  /** Each of `nodes` serves a share, and says that it lacks nothing of it: nothing is left to move. */
  isDivided(nodes: ReadonlyArray<string>): boolean {
    const settled = (node: string) => this.heard.findLast(([who, , what]) => who === node && what === "unsettled")?.[3]
    return this.allServed && nodes.every((node) => this.current.has(node) && settled(node) === "")
  }

  check(): void {
    const byPartition = Map.groupBy(this.all, ({ partition }) => partition)
    for (const [partition, turns] of byPartition) {
      const inOrder = turns.toSorted((a, b) => a.from - b.from || a.token - b.token)
      for (const [index, turn] of inOrder.entries()) {
        const previous = inOrder[index - 1]
        if (previous === undefined) continue
        assert.isAtMost(previous.to, turn.from, `${previous.node} and ${turn.node} serve partition ${partition}`)
        assert.isAbove(turn.token, previous.token, `tokens of partition ${partition}`)
      }
    }
  }
}

const start = (turns: Turns, url: string, nodeId: string, env: Readonly<Record<string, string>> = {}) => {
  let rest = ""
  return childProcess({
    command: process.execPath,
    args: [program, nodeId],
    env: { NATS_URL: url, ROOST_LOG_LEVEL: "None", ...env },
    readyWhen: /"up"/,
    onStdout: (chunk) => {
      const lines = (rest + Buffer.from(chunk).toString("utf8")).split("\n")
      rest = lines.pop()!
      for (const line of lines) if (/^\[\d+,"/.test(line)) turns.hear(nodeId, line)
    }
  }).pipe(Effect.orDie)
}

const stop = (child: ChildProcess, signal: NodeJS.Signals) => child.stop(signal)
const now = Effect.sync(() => Date.now())

describe("leases over a real nats-server", () => {
  it.live("divide the partitions, follow joins and drains, and lose nothing: never two owners, tokens only grow", () =>
    Effect.gen(function* () {
      const server = yield* natsServer()
      const turns = new Turns()
      // So long that none runs out here: what b gives up, it hands over.
      const longLease = { LEASE_MILLIS: "3600000" }
      yield* start(turns, server.url, "a", longLease)
      yield* waitUntil(() => turns.allServed)
      const b = yield* start(turns, server.url, "b", longLease)
      yield* start(turns, server.url, "c", longLease)
      yield* waitUntil(() => turns.isDivided(["a", "b", "c"]))
      assert.isTrue([...turns.current.values()].every((count) => count > 120 && count < 230))

      const exit = yield* stop(b, "SIGTERM")
      assert.deepStrictEqual(exit, { code: 0, signal: null })
      yield* waitUntil(() => turns.allServed)
      assert.isFalse(turns.current.has("b"))
      turns.check()
    })
  )

  it.live("give a killed node's partitions to the others within a lease", () =>
    Effect.gen(function* () {
      const server = yield* natsServer()
      const turns = new Turns()
      yield* start(turns, server.url, "a")
      const b = yield* start(turns, server.url, "b")
      yield* waitUntil(() => turns.allServed && (turns.current.get("b") ?? 0) > 200)
      yield* stop(b, "SIGKILL")
      // The other one may see that it ended before this process does.
      turns.end("b", turns.lastWordOf("b"))
      yield* waitUntil(() => turns.allServed)
      turns.check()
    })
  )

  it.live(
    "a node that was stopped for longer than its lease serves nothing when it goes on, and takes part again",
    () =>
      Effect.gen(function* () {
        const server = yield* natsServer()
        const turns = new Turns()
        yield* start(turns, server.url, "a")
        const b = yield* start(turns, server.url, "b")
        yield* waitUntil(() => turns.allServed && (turns.current.get("b") ?? 0) > 200)
        yield* b.signal("SIGSTOP")
        turns.end("b", yield* now)
        yield* waitUntil(() => turns.allServed)
        yield* Effect.sleep(marginMillis)
        const resumedAt = yield* now
        yield* b.signal("SIGCONT")
        yield* waitUntil(() => turns.allServed && (turns.current.get("b") ?? 0) > 200)
        const first = turns.heard.find(([node, at, what]) => node === "b" && at >= resumedAt && what === "serves")
        assert.strictEqual(first?.[3], false)
        turns.check()
      })
  )

  it.live(
    "a process that was killed is followed at once by the next one of its machine, however long its lease (trust F9)",
    () =>
      Effect.gen(function* () {
        const server = yield* natsServer()
        const turns = new Turns()
        const longLease = { LEASE_MILLIS: "3600000" }
        const a = yield* start(turns, server.url, "a", longLease)
        yield* waitUntil(() => turns.allServed)
        yield* stop(a, "SIGKILL")
        turns.end("a", yield* now)
        yield* start(turns, server.url, "a2", longLease)
        yield* waitUntil(() => turns.allServed)
        turns.check()
      })
  )

  it.live("a store that is away for longer than a lease costs nobody its partitions (trust F4)", () =>
    Effect.gen(function* () {
      const server = yield* natsServer()
      const turns = new Turns()
      for (const node of ["a", "b", "c"]) yield* start(turns, server.url, node)
      yield* waitUntil(() => turns.isDivided(["a", "b", "c"]))
      const before = turns.all.length
      yield* server.pause
      yield* Effect.sleep(2 * (leaseMillis + marginMillis))
      const resumedAt = yield* now
      yield* server.resume
      /** How long after the pause the store had taken the node's renewal, and the node knew it. */
      const servesAgain = (node: string) => {
        const served = turns.heard.find(
          ([who, at, what, value]) => who === node && at > resumedAt && what === "serves" && value
        )
        return served && served[1] - resumedAt
      }
      yield* waitUntil(() => ["a", "b", "c"].every((node) => servesAgain(node) !== undefined))
      // Until whoever was to be called silent would have been.
      yield* Effect.sleep(2 * (leaseMillis + marginMillis))
      // But for who stood still itself, without a processor: it says something every 20 ms. Or its renewal came late to the store.
      for (const { node, partition } of turns.all.slice(before)) {
        const former = turns.all.slice(0, before).findLast((turn) => turn.partition === partition)!
        const late = Math.max(turns.longestSilenceOf(former.node, resumedAt), servesAgain(former.node)!)
        assert.isAbove(late, leaseMillis / 2, `${node} took ${partition} of ${former.node}`)
      }
      turns.check()
    })
  )

  it.live("a bucket that was deleted and made anew is divided anew, under larger tokens (trust B1)", () =>
    Effect.gen(function* () {
      const server = yield* natsServer()
      const turns = new Turns()
      yield* start(turns, server.url, "a")
      yield* start(turns, server.url, "b")
      yield* waitUntil(() => turns.allServed && (turns.current.get("b") ?? 0) > 200)
      const before = turns.all.length
      yield* remakeLeases(server.url)
      yield* waitUntil(() => turns.all.length >= before + partitionCount && turns.allServed)
      turns.check()
    })
  )

  it.live(
    "a node whose cluster key is another one takes no partition and says why, also when it is alone (trust F7)",
    () =>
      Effect.gen(function* () {
        const server = yield* natsServer()
        const turns = new Turns()
        const a = yield* start(turns, server.url, "a", { KEY_CHECK: "0123456789abcdef" })
        yield* waitUntil(() => turns.allServed)
        yield* start(turns, server.url, "b", { KEY_CHECK: "fedcba9876543210" })
        yield* waitUntil(() => turns.unsettled("b").includes("ROOST_CLUSTER_KEY"))
        yield* stop(a, "SIGTERM")
        const stoppedAt = yield* now
        yield* waitUntil(() => turns.heard.some(([who, at]) => who === "b" && at > stoppedAt + 3_000))
        assert.isFalse(turns.all.some(({ node }) => node === "b"))
        assert.include(turns.unsettled("b"), "0123456789abcdef")
      })
  )

  it.live("a node whose clock is an hour ahead leaves the partitions to others until it is right (trust F8)", () =>
    Effect.gen(function* () {
      const server = yield* natsServer()
      const turns = new Turns()
      yield* start(turns, server.url, "a")
      yield* waitUntil(() => turns.allServed)
      const b = yield* start(turns, server.url, "b", { CLOCK_AHEAD: "3600000" })
      yield* waitUntil(() => turns.unsettled("b").includes("3600 s ahead"))
      yield* waitUntil(() => turns.allServed && !turns.current.has("b"))
      yield* b.signal("SIGUSR2")
      yield* waitUntil(() => turns.allServed && (turns.current.get("b") ?? 0) > 200)
      yield* waitUntil(() => turns.unsettled("b") === "")
      turns.check()
    })
  )

  it.live("a clean stop warns of nothing (trust F15)", () =>
    Effect.gen(function* () {
      const server = yield* natsServer()
      const turns = new Turns()
      const a = yield* start(turns, server.url, "a", { ROOST_LOG_LEVEL: "Info" })
      yield* start(turns, server.url, "b")
      yield* waitUntil(() => turns.allServed && (turns.current.get("b") ?? 0) > 200)
      yield* stop(a, "SIGTERM")
      yield* waitUntil(() => turns.allServed)
      assert.notMatch(a.output(), /silent|WARN|ERROR/)
    })
  )
})

/** As after a restored backup without it, or an operator's mistake. */
const remakeLeases = (url: string) =>
  Effect.gen(function* () {
    const { manager } = yield* NatsConnection
    yield* Effect.promise(async () => {
      const { config } = await manager.streams.info(`KV_${Buckets.leases.name}`)
      await manager.streams.delete(config.name)
      await manager.streams.add(config)
    })
  }).pipe(
    Effect.provide(
      NatsConnection.layer("test").pipe(
        Layer.provide(Health.layer),
        Layer.provide(ConfigProvider.layer(ConfigProvider.fromUnknown({ NATS_URL: url })))
      )
    ),
    Effect.orDie
  )
