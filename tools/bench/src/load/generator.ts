import { Fleet, latencyOf, type Measured, Meter } from "@roost/load"
import { createInterface } from "node:readline"
import { parseArgs } from "node:util"
import type { ConnectResult, GeneratorCommand, LoadResult } from "./GeneratorLines.ts"
import { bookOf, type LoadSuite, settingsOf } from "./LoadDevices.ts"

/**
 * The load's process. Commands and their results are lines of JSON, so that what the servers used can be read before and
 * after each of them.
 */
const { values } = parseArgs({
  options: {
    port: { type: "string" },
    suite: { type: "string" },
    key: { type: "string" },
    product: { type: "string" },
    payload: { type: "string" },
    first: { type: "string" },
    spins: { type: "boolean" }
  }
})
const psk = Uint8Array.fromHex(values.key!)
const settings = settingsOf({
  serverPort: Number(values.port),
  suite: values.suite as LoadSuite,
  psk,
  productKey: values.product!,
  payloadBytes: Number(values.payload),
  first: Number(values.first)
})
const fail = (message: string): never => {
  process.stderr.write(`${message}\n`)
  process.exit(1)
}
const fleet = new Fleet(settings, bookOf(settings, psk), fail)

/** The measurements since the last call. */
const measured = (taken: Measured = fleet.take()): Meter => {
  const meter = new Meter()
  meter.add(taken)
  return meter
}

const connect = async (command: GeneratorCommand & { readonly do: "connect" }): Promise<ConnectResult> => {
  fleet.take()
  const startedAt = performance.now()
  const established = await fleet.connect(command)
  const seconds = (performance.now() - startedAt) / 1000
  const { errorsByKind, resumedHandshakes } = measured().counts
  return { seconds, established, resumed: resumedHandshakes, failures: errorsByKind }
}

const load = async (command: GeneratorCommand & { readonly do: "load" }): Promise<LoadResult> => {
  fleet.take()
  const { user, system } = process.cpuUsage()
  const startedAt = performance.now()
  fleet.load({ ...command, spins: values.spins === true })
  await sleep(command.seconds * 1000)
  const taken = fleet.take()
  const seconds = (performance.now() - startedAt) / 1000
  const used = process.cpuUsage({ user, system })
  // The next run must not count requests that are still under way.
  await Promise.race([fleet.drain(), sleep(drainMillisMax)])
  const { counters, errors, latency } = measured(taken)
  const { p50, p99, p999 } = latencyOf(latency)
  return {
    seconds,
    answered: counters.responses,
    retransmitted: counters.retransmissions,
    lost: errors.timeout,
    p50,
    p99,
    p999,
    busy: (used.user + used.system) / 1e6 / seconds
  }
}

const carryOut = async (command: GeneratorCommand): Promise<unknown> => {
  switch (command.do) {
    case "grow":
      fleet.grow(command.devices)
      return {}
    case "connect":
      return connect(command)
    case "leave":
      await fleet.leave()
      await sleep(afterGoodbyeMillis)
      return {}
    case "load":
      return load(command)
  }
}

const sleep = (millis: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, millis))

const drainMillisMax = 100
/** The server has to hear the goodbyes. */
const afterGoodbyeMillis = 500

process.stdout.write('{"ready":true}\n')
for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await carryOut(JSON.parse(line) as GeneratorCommand))}\n`)
}
fleet.close()
