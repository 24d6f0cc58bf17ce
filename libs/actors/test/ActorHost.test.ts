import { assert, describe, it } from "@effect/vitest"
import { ActorHost, type ActorWorld } from "../src/ActorHost.ts"
import { Effects } from "../src/Effects.ts"
import type { Machine, Turn } from "../src/Machine.ts"
import { OwnedPartitions } from "../src/OwnedPartitions.ts"
import { Timed, tickMillis } from "../src/TimerWheel.ts"

type Input = { readonly says: string; readonly throws?: boolean; readonly wants?: ReadonlyArray<Effect> }
type Effect = { readonly tells: number; readonly says: string } | { readonly fails: true }

/** Notes what it hears, and wants what its input says. */
class Listener extends Timed implements Machine<Input, Turn<Effect>> {
  readonly partition = 0
  readonly key: string
  readonly log: Array<string>
  deadline = Infinity
  isIdle = false

  constructor(key: string, log: Array<string>) {
    super()
    this.key = key
    this.log = log
  }

  handle({ says, throws, wants }: Input, turn: Turn<Effect>): void {
    this.log.push(`${this.key} begins ${says}`)
    for (const effect of wants ?? []) turn.effects.push(effect)
    if (throws === true) throw new Error(says)
    this.log.push(`${this.key} ends ${says}`)
  }

  handleTimeout({ now }: Turn<Effect>): void {
    this.deadline = Infinity
    this.log.push(`${this.key} at ${now}`)
  }

  deadlineIn(): number {
    return this.deadline
  }
}

class Listeners implements ActorWorld<Listener, Effect> {
  readonly log: Array<string> = []
  readonly faults: Array<string> = []
  readonly turn: Turn<Effect> = { now: 0, effects: new Effects() }
  readonly host = new ActorHost<Input, Effect, Turn<Effect>, Listener>(this.turn, this, new OwnedPartitions(1))
  readonly all: ReadonlyArray<Listener>

  constructor() {
    this.host.partitions.add(0, 0, 1)
    this.all = ["a", "b", "c"].map((key) => this.host.findOrMake(0, key, () => new Listener(key, this.log))!)
  }

  carryOut(_actor: Listener, effect: Effect): void {
    if ("fails" in effect) throw new Error("carried out")
    this.log.push(`to ${this.all[effect.tells]!.key}: ${effect.says}`)
    this.host.run(this.all[effect.tells]!, { says: effect.says })
  }

  replace(actor: Listener, cause: unknown): void {
    this.faults.push(`${actor.key}: ${(cause as Error).message}`)
  }
}

describe("ActorHost", () => {
  it("lets no input begin in the middle of another, also of the same actor", () => {
    const { all, host, log } = new Listeners()
    host.run(all[0]!, {
      says: "1",
      wants: [
        { tells: 0, says: "2" },
        { tells: 1, says: "3" }
      ]
    })
    assert.deepStrictEqual(log, [
      "a begins 1",
      "a ends 1",
      "to a: 2",
      "to b: 3",
      "a begins 2",
      "a ends 2",
      "b begins 3",
      "b ends 3"
    ])
  })

  it("costs an actor that throws its input and what it wanted, and no other actor anything", () => {
    const listeners = new Listeners()
    const { all, faults, host, log } = listeners
    host.run(all[0]!, { says: "1", throws: true, wants: [{ tells: 1, says: "lost" }] })
    host.run(all[1]!, { says: "2" })
    host.run(all[0]!, { says: "3" })
    assert.deepStrictEqual(faults, ["a: 1"])
    assert.deepStrictEqual(log, ["a begins 1", "b begins 2", "b ends 2", "a begins 3", "a ends 3"])
  })

  it("drops what an actor still wanted when carrying out one effect throws, and hears on", () => {
    const { all, faults, host, log } = new Listeners()
    host.run(all[0]!, { says: "1", wants: [{ fails: true }, { tells: 1, says: "lost" }] })
    host.run(all[1]!, { says: "2" })
    assert.deepStrictEqual(faults, ["a: carried out"])
    assert.deepStrictEqual(log, ["a begins 1", "a ends 1", "b begins 2", "b ends 2"])
  })

  it("fires each deadline once, never early, whatever the order in which they were set", () => {
    const { all, host, log, turn } = new Listeners()
    const deadlines = [2_000, 500, 60_000]
    all.forEach((listener, i) => {
      listener.deadline = deadlines[i]!
      host.run(listener, { says: "set" })
    })
    assert.strictEqual(host.timers, 3)
    log.length = 0
    for (turn.now = 0; turn.now <= 61_000; turn.now += tickMillis) host.advance()
    assert.deepStrictEqual(log, ["b at 500", "a at 2000", "c at 60000"])
    assert.strictEqual(host.timers, 0)
  })

  it("lets an actor go that nothing is left of, with its timer", () => {
    const { all, host } = new Listeners()
    const [actor] = all
    actor!.deadline = 1_000
    host.run(actor!, { says: "1" })
    actor!.isIdle = true
    host.run(actor!, { says: "2" })
    assert.isUndefined(host.find(0, "a"))
    assert.strictEqual(host.partitions.actors, 2)
    assert.strictEqual(host.timers, 0)
  })
})
