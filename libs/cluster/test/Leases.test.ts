import { assert, describe, it } from "@effect/vitest"
import { partitionCount } from "@roost/contracts"
import { type ChildProcess, childProcess, natsServer } from "@roost/testkit"
import { Effect } from "effect"
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

/** What all nodes said, as turns of serving; their clocks are one. */
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

  get current(): ReadonlyMap<string, number> {
    const counts = new Map<string, number>()
    for (const { node, to } of this.all) if (to === Infinity) counts.set(node, (counts.get(node) ?? 0) + 1)
    return counts
  }

  get allServed(): boolean {
    return (
      new Set(this.all.filter(({ to }) => to === Infinity).map(({ partition }) => partition)).size === partitionCount
    )
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

const until = (condition: () => boolean) =>
  Effect.sync(condition).pipe(Effect.delay("20 millis"), Effect.repeat({ until: (holds) => holds }), Effect.asVoid)

const start = (turns: Turns, url: string, nodeId: string) => {
  let rest = ""
  return childProcess({
    command: process.execPath,
    args: [program, nodeId],
    env: { NATS_URL: url, ROOST_LOG_LEVEL: "None" },
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
  it.live(
    "divide the partitions, follow joins and drains, and lose nothing: never two owners, tokens only grow",
    () =>
      Effect.gen(function* () {
        const server = yield* natsServer()
        const turns = new Turns()
        yield* start(turns, server.url, "a")
        yield* until(() => turns.allServed)
        const b = yield* start(turns, server.url, "b")
        yield* start(turns, server.url, "c")
        yield* until(() => turns.allServed && [...turns.current.values()].every((count) => count > 120 && count < 230))
        assert.strictEqual(turns.current.size, 3)

        const drainAt = yield* now
        const exit = yield* stop(b, "SIGTERM")
        assert.deepStrictEqual(exit, { code: 0, signal: null })
        yield* until(() => turns.allServed)
        assert.isFalse(turns.current.has("b"))
        // By handing over, not by waiting for its lease to run out.
        const gaps = turns.all.filter(({ from, node }) => node !== "b" && from > drainAt).map(({ from }) => from)
        assert.isBelow(Math.max(...gaps) - drainAt, leaseMillis)
        turns.check()
      }),
    60_000
  )

  it.live(
    "give a killed node's partitions to the others within a lease",
    () =>
      Effect.gen(function* () {
        const server = yield* natsServer()
        const turns = new Turns()
        yield* start(turns, server.url, "a")
        const b = yield* start(turns, server.url, "b")
        yield* until(() => turns.allServed && (turns.current.get("b") ?? 0) > 200)
        yield* stop(b, "SIGKILL")
        turns.end("b", yield* now)
        yield* until(() => turns.allServed)
        turns.check()
      }),
    60_000
  )

  it.live(
    "a node that was stopped for longer than its lease serves nothing when it goes on, and takes part again",
    () =>
      Effect.gen(function* () {
        const server = yield* natsServer()
        const turns = new Turns()
        yield* start(turns, server.url, "a")
        const b = yield* start(turns, server.url, "b")
        yield* until(() => turns.allServed && (turns.current.get("b") ?? 0) > 200)
        yield* b.signal("SIGSTOP")
        turns.end("b", yield* now)
        yield* until(() => turns.allServed)
        yield* Effect.sleep(marginMillis)
        const resumedAt = yield* now
        yield* b.signal("SIGCONT")
        yield* until(() => turns.allServed && (turns.current.get("b") ?? 0) > 200)
        const first = turns.heard.find(([node, at, what]) => node === "b" && at >= resumedAt && what === "serves")
        assert.strictEqual(first?.[3], false)
        turns.check()
      }),
    60_000
  )
})
