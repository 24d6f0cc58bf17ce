import { Code, OptionNumber, stringOption } from "@roost/coap"
import { parsePeerAddress } from "@roost/contracts"
import { defaultDeviceSessionConfig } from "../src/state/DeviceSessionConfig.ts"
import { SimulatedDevice } from "../test/support/SimulatedDevice.ts"
import { World } from "../test/support/World.ts"

/**
 * Memory of the host per idle online device; the edge and the store beside it keep nothing. It is told after the handshake and one
 * post whose answer is remembered, and after that was forgotten. The last is a device's state most of its life.
 *
 *     npx node --expose-gc --max-old-space-size=8192 libs/device-session/benchmark/Memory.ts 1000000
 */
const count = Number(process.argv[2] ?? 20_000)
const lifetimeSeconds = 86_400
// All come at one moment of the world's time: what a second has no room for would wait.
const world = new World({ handOffs: { ...defaultDeviceSessionConfig.handOffs, perSecondMax: count } })
world.store.keepsRecords = false
const settle = (): void => {
  for (let i = 0; i < 4; i++) globalThis.gc!()
}
const used = (): number => {
  settle()
  const { arrayBuffers, external, heapUsed } = process.memoryUsage()
  return heapUsed + Math.max(arrayBuffers, external)
}
const before = used()
const report = (name: string): void => {
  const { rss } = process.memoryUsage()
  const { online, timers } = world.host.gauges
  console.log(
    `${online} online, ${timers} timers, ${name}: ${((used() - before) / count).toFixed(0)} B per device, ` +
      `process ${(rss / 2 ** 20).toFixed(0)} MiB`
  )
}
const body = new TextEncoder().encode(
  `{"id":"1","version":"1.0","method":"thing.measurepoint.post","params":{"measurepoints":{}}}`
)
/** 60 000 devices behind one address, as behind a carrier's NAT. */
const deviceOf = (i: number): SimulatedDevice => {
  const device = world.device(`dev${i}`, 0, { lifetime: lifetimeSeconds })
  device.peer = parsePeerAddress(`10.0.0.${Math.floor(i / 60_000)}`, 1 + (i % 60_000))!
  world.enter(device)
  return device
}
const postPath = (i: number) =>
  `topic/sys/pk1/dev${i}/thing/measurepoint/post`.split("/").map((s) => stringOption(OptionNumber.UriPath, s))

for (let i = 0; i < count; i++) {
  const device = deviceOf(i).connect()
  if (i % 2 === 0) {
    device.request({ code: Code.Post, confirmable: true, options: postPath(i), payload: body })
    if (device.responses.length !== 1) throw new Error(`device ${i} got no answer`)
  }
  world.forget()
}
report("half of them with an answer remembered")
// EXCHANGE_LIFETIME and nothing more: no Lifetime runs out.
world.pass(300_000)
report("idle")
// Used here, so that it can't be collected before the last reading.
console.log(`${world.host.gauges.devices} devices`)
