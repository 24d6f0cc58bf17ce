import { capacityOf } from "./Capacity.ts"
import { capacityText, capacityUsage, readDemand } from "./CapacityText.ts"

// `npm run capacity`: how much machine a fleet needs (docs/scale.md).

const demand = readDemand(process.argv.slice(2))
if (demand === "help") process.stdout.write(capacityUsage)
else if (typeof demand === "string") {
  process.stderr.write(`capacity: ${demand}\n`)
  process.exitCode = 2
} else process.stdout.write(capacityText(capacityOf(demand)))
