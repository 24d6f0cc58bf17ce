import { createInterface } from "node:readline"
import { parseArgs } from "node:util"
import { Fleet } from "./Fleet.ts"
import type { LoadSuite } from "./LoadDevice.ts"
import { type GeneratorCommand, percentiles } from "./GeneratorLines.ts"

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
const fleet = new Fleet(
  {
    serverPort: Number(values.port),
    suite: values.suite as LoadSuite,
    psk: Uint8Array.fromHex(values.key!),
    productKey: values.product!,
    payloadBytes: Number(values.payload)
  },
  { first: Number(values.first), spins: values.spins === true }
)

const carryOut = async (command: GeneratorCommand): Promise<unknown> => {
  if (command.do === "connect") return fleet.connect(command)
  if (command.do === "leave") return fleet.leave().then(() => ({}))
  const { user, system } = process.cpuUsage()
  const { latencies, ...loaded } = await fleet.load(command)
  const used = process.cpuUsage({ user, system })
  return { ...loaded, ...percentiles(latencies), busy: (used.user + used.system) / 1e6 / loaded.seconds }
}

process.stdout.write('{"ready":true}\n')
for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await carryOut(JSON.parse(line) as GeneratorCommand))}\n`)
}
fleet.close()
