import { Effect } from "effect"
import { readFileSync } from "node:fs"
import { headerLines, makeStreamPublisher } from "../../src/index.ts"

const payload = new Uint8Array(150).fill(0x61)

/** User and system time so far, milliseconds. */
export const cpuMillis = (pid: number): number => {
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1")
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
  return (Number(fields[11]) + Number(fields[12])) * 10
}

/** Publishes to `bench.a` for so long, as many at a time as `inFlightMax`. Acks a second, and µs of CPU of the server `pid` for each. */
export const ackRate = (pid: number, inFlightMax: number, seconds: number) =>
  Effect.gen(function* () {
    let stored = 0
    let published = 0
    const started = performance.now()
    const isOver = () => performance.now() - started > seconds * 1000
    const before = cpuMillis(pid)
    const publisher = yield* makeStreamPublisher({
      inFlightMax,
      onSettled: (_token, outcome) => {
        if (outcome._tag === "Failed" && !isOver()) throw new Error(outcome.reason)
        stored++
        next()
      }
    })
    const publish = () =>
      publisher.publish("bench.a", headerLines([["Nats-Msg-Id", `${published}`]]), payload, published)
    const next = () => {
      while (!isOver() && publish()) published++
    }
    next()
    yield* Effect.sleep(seconds * 1000)
    const rate = stored / ((performance.now() - started) / 1000)
    return { rate, cpu: ((cpuMillis(pid) - before) * 1000) / stored }
  }).pipe(Effect.scoped)
