import { parseArgs } from "node:util"
import { type Capacity, type FleetDemand, measured, parts } from "./Capacity.ts"

export const capacityUsage = `npm run capacity -- [--devices 1000000] [--every 15m] …: cores, memory, disk and network of a fleet, by measured constants

  --devices N        devices that are online [1000000]
  --every TIME       between two posts of a device: 30s, 15m, 6h, 1d [15m]
  --bytes N          payload of a post [150]
  --copies 1|3       copies of each stream [1]
  --kept TIME        how long the stream keeps uplinks [3d]
  --back TIME        in which all are to be back after an outage that took their sessions [15m]
  --utilization N    share of a core that is planned for [0.6]
  --acks N           acks a second of one stream on its disk, by node libs/nats/benchmark/Sync.ts [17300]
  --help             this
`

/** The fleet of the command line; a string says what is wrong with it, and "help" that it was asked for. */
export const readDemand = (args: ReadonlyArray<string>): FleetDemand | string => {
  let values
  try {
    values = parseArgs({ args: [...args], options }).values
  } catch (error) {
    return (error as Error).message
  }
  if (values.help === true) return "help"
  const wrong: Array<string> = []
  const number = (name: "devices" | "bytes" | "utilization" | "acks", otherwise: number, most = Infinity): number => {
    const value = Number(values[name] ?? otherwise)
    if (!(value > 0 && value <= most))
      wrong.push(`--${name}: expected a number above 0${upTo(most)}, not ${values[name]}`)
    return value
  }
  const seconds = (name: "every" | "kept" | "back", otherwise: string): number => {
    const found = /^(\d+(?:\.\d+)?)([smhd])$/.exec(values[name] ?? otherwise)
    const value = found === null ? 0 : Number(found[1]) * unitSeconds[found[2] as keyof typeof unitSeconds]
    if (value === 0) wrong.push(`--${name}: expected a time such as 15m (s, m, h, d), not ${values[name]}`)
    return value
  }
  const copies = Number(values.copies ?? 1)
  if (copies !== 1 && copies !== 3) wrong.push(`--copies: expected 1 or 3, not ${values.copies}`)
  const demand: FleetDemand = {
    devices: number("devices", 1_000_000),
    everySeconds: seconds("every", "15m"),
    bytes: number("bytes", 150),
    copies: copies === 3 ? 3 : 1,
    keptHours: seconds("kept", "3d") / 3_600,
    backSeconds: seconds("back", "15m"),
    utilization: number("utilization", 0.6, 1),
    acksPerSecond: number("acks", measured.acksPerSecond)
  }
  return wrong[0] ?? demand
}

export const capacityText = (capacity: Capacity): string => {
  const {
    bitsPerSecond,
    cells,
    copiesBytes,
    cores,
    devicesPerCell,
    diskBytes,
    leaderLoad,
    memory,
    storm,
    uplinksPerSecond
  } = capacity
  const rows = parts.map((part) => {
    const bytes = part === "registry" ? "" : `${(memory[part] / 1e9).toFixed(1)} GB`
    return `  ${part.padEnd(16)}${cores[part].toFixed(1).padStart(8)}${storm.cores[part].toFixed(1).padStart(12)}${bytes.padStart(12)}`
  })
  return [
    `${Math.round(uplinksPerSecond)} uplinks/s, ${(bitsPerSecond / 1e6).toFixed(0)} Mbit/s at the edges, ` +
      `${(diskBytes / 1e9).toFixed(0)} GB of uplinks on the disk of each nats-server, ` +
      `${(copiesBytes / 1e9).toFixed(0)} GB of copies in the registry's database`,
    `after an outage ${Math.round(storm.handshakesPerSecond)} handshakes/s; the sessions' leader needs ${Math.round(storm.leaderSeconds)} s of a core for them`,
    "",
    `  ${"".padEnd(16)}${"cores".padStart(8)}${"in a storm".padStart(12)}${"memory".padStart(12)}`,
    ...rows,
    "",
    leaderLoad <= 1
      ? `one cell: its stream's leader has ${Math.round(leaderLoad * 100)} % of what is planned for it; at this interval it serves ${devicesPerCell} devices`
      : `${cells} cells, each with a NATS of its own: at this interval the leader of one's stream serves ${devicesPerCell} devices`,
    ""
  ].join("\n")
}

const unitSeconds = { s: 1, m: 60, h: 3_600, d: 86_400 } as const
const upTo = (most: number): string => (most === Infinity ? "" : ` and at most ${most}`)
const options = {
  devices: { type: "string" },
  every: { type: "string" },
  bytes: { type: "string" },
  copies: { type: "string" },
  kept: { type: "string" },
  back: { type: "string" },
  utilization: { type: "string" },
  acks: { type: "string" },
  help: { type: "boolean" }
} as const
