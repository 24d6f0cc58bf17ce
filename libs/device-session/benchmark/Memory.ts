import { Code, OptionNumber, stringOption } from "@roost/coap"
import { World } from "../test/support/World.ts"

// Heap of the host per idle online device: after its handshake, and after one post whose answer is still remembered.
// Run with --expose-gc; the devices themselves are dropped before each reading.
const count = 20_000
const world = new World()
const heap = (): number => {
  for (let i = 0; i < 4; i++) globalThis.gc!()
  const { arrayBuffers, heapUsed } = process.memoryUsage()
  return heapUsed + arrayBuffers
}
const before = heap()
for (let i = 0; i < count; i++) {
  world.device(`dev${i}`, 1 + i).connect()
  world.forget()
}
const report = (name: string): void => console.log(`${name}: ${((heap() - before) / count).toFixed(0)} B per device`)
report(`${world.host.gauges.online} devices online, idle`)
world.pass(300_000)
for (let i = 0; i < count; i++) {
  const device = world.device(`dev${i}`, 1 + i).connect()
  device.request({
    code: Code.Post,
    confirmable: true,
    options: `topic/sys/pk1/dev${i}/thing/measurepoint/post`
      .split("/")
      .map((s) => stringOption(OptionNumber.UriPath, s)),
    payload: new TextEncoder().encode(`{"id":"1","version":"1.0","method":"thing.measurepoint.post","params":{}}`)
  })
  world.forget()
}
report(`${world.host.gauges.online} devices online, one answer remembered each`)
// Used here, so that it can't be collected before the last reading.
console.log(`${world.host.gauges.devices} devices`)
