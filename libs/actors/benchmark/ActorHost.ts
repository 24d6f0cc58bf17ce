import { ActorHost, type ActorWorld, Effects, type Machine, OwnedPartitions, Timed, type Turn } from "../src/index.ts"

/**
 * CPU of an input that waits behind the one that is handled: an actor's effects have so many others hear something.
 *
 *     npx node libs/actors/benchmark/ActorHost.ts
 */
class Listener extends Timed implements Machine<number, Turn<number>> {
  readonly partition = 0
  readonly key = "a"
  readonly isIdle = false
  heard = 0

  handle(input: number, turn: Turn<number>): void {
    this.heard++
    for (let i = 0; i < input; i++) turn.effects.push(0)
  }

  handleTimeout(): void {}

  deadlineIn(): number {
    return Infinity
  }
}

const turn: Turn<number> = { now: 0, effects: new Effects() }
const world: ActorWorld<Listener, number> = {
  carryOut: (actor, input) => host.run(actor, input),
  replace: (_, cause) => {
    throw cause
  }
}
const host: ActorHost<number, number, Turn<number>, Listener> = new ActorHost(turn, world, new OwnedPartitions(1))
const listener = new Listener()

for (const queued of [1, 100, 10_000, 100_000, 1_000_000]) {
  const rounds = Math.max(1, 1_000_000 / queued)
  const start = process.cpuUsage()
  for (let i = 0; i < rounds; i++) host.run(listener, queued)
  const { system, user } = process.cpuUsage(start)
  const nanos = ((user + system) * 1000) / (rounds * queued)
  console.log(`${queued} queued: ${nanos.toFixed(0)} ns CPU for each`)
}
