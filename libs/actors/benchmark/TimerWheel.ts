import { Timed, TimerWheel } from "../src/index.ts"

// One million timers: memory, first set, re-set later (what every record of a device does), expiry of all.
const count = 1_000_000
const items = Array.from({ length: count }, () => new Timed())
globalThis.gc?.()
const wheel = new TimerWheel<Timed>(0)
const measure = (name: string, run: () => void): void => {
  const start = process.cpuUsage()
  run()
  const { user, system } = process.cpuUsage(start)
  console.log(`${name}: ${(((user + system) * 1000) / count).toFixed(0)} ns CPU per timer`)
}
measure("set", () => items.forEach((item, i) => wheel.set(item, 30_000 + (i % 86_400) * 1000)))
measure("set later", () => items.forEach((item, i) => wheel.set(item, 40_000 + (i % 86_400) * 1000)))
let fired = 0
measure("advance a day, all fire", () => wheel.advance(86_600_000, () => fired++))
console.log(`${fired} fired`)
