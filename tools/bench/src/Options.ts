import { availableParallelism } from "node:os"
import { parseArgs } from "node:util"
import type { LoadSuite } from "./load/LoadDevices.ts"

export type RowGroup = "traffic" | "rates" | "flat" | "memory" | "idle" | "wakeup" | "actors"

export interface BenchOptions {
  readonly peers: ReadonlyArray<string>
  readonly rows: ReadonlyArray<RowGroup>
  /** Of the rows of traffic; a server without DTLS takes part anyway. */
  readonly suites: ReadonlyArray<LoadSuite>
  readonly devices: number
  /** Requests under way at any time in the rows of traffic, one per device at most. */
  readonly underWay: number
  /** Uplinks a second in the rows of fixed rates. */
  readonly rates: ReadonlyArray<number>
  /** Sizes of the fleet in the rows of flatness. */
  readonly flatDevices: ReadonlyArray<number>
  readonly memoryDevices: ReadonlyArray<number>
  readonly idleDevices: number
  readonly wakeUpDevices: number
  readonly seconds: number
  readonly rounds: number
  readonly quick: boolean
  /** Folder of report.md, report.html and report.json. */
  readonly out: string
  readonly help: boolean
}

export const rowGroups: ReadonlyArray<RowGroup> = ["traffic", "rates", "flat", "memory", "idle", "wakeup", "actors"]

const dtlsSuites: ReadonlyArray<LoadSuite> = ["CCM_8", "CBC_SHA256"]

/** The options of the command line; a string says what is wrong with them. */
export const readOptions = (args: ReadonlyArray<string>, peerKeys: ReadonlyArray<string>): BenchOptions | string => {
  let values
  try {
    values = parseArgs({ args: [...args], options: flags }).values
  } catch (error) {
    return (error as Error).message
  }
  const peers = values.peers?.split(",") ?? (values.quick ? ["roost", "floor"] : peerKeys)
  const rows = (values.rows?.split(",") ?? (values.quick ? ["traffic"] : rowGroups)) as ReadonlyArray<RowGroup>
  const suites = (values.suites?.split(",") ??
    (values.quick ? dtlsSuites.slice(0, 1) : dtlsSuites)) as BenchOptions["suites"]
  const unknown = [
    ...suites
      .filter((suite) => !dtlsSuites.includes(suite))
      .map((suite) => `--suites ${suite}: there are ${dtlsSuites.join(", ")}`),
    ...peers
      .filter((peer) => !peerKeys.includes(peer))
      .map((peer) => `--peers ${peer}: there are ${peerKeys.join(", ")}`),
    ...rows.filter((row) => !rowGroups.includes(row)).map((row) => `--rows ${row}: there are ${rowGroups.join(", ")}`)
  ]
  if (unknown.length > 0) return unknown[0]!
  const wrong: Array<string> = []
  const number = (flag: keyof typeof flags, text: string | undefined, otherwise: number): number => {
    const value = text === undefined ? otherwise : Number(text)
    if (!(value > 0) || !Number.isFinite(value)) wrong.push(`--${flag} takes a number above 0, not ${text}`)
    return value
  }
  const numbers = (flag: "rates" | "flat" | "memory", otherwise: ReadonlyArray<number>): ReadonlyArray<number> =>
    values[flag]?.split(",").map((text) => number(flag, text, 0)) ?? otherwise
  const options: BenchOptions = {
    peers,
    rows,
    suites,
    devices: number("devices", values.devices, values.quick ? 100 : 5000),
    underWay: number("under-way", values["under-way"], underWayDefault),
    rates: numbers("rates", ratesDefault),
    flatDevices: numbers("flat", [100, 1000, 10_000, 100_000]),
    memoryDevices: numbers("memory", [1000, 10_000, 100_000]),
    idleDevices: number("idle", values.idle, 100_000),
    wakeUpDevices: number("wakeup", values.wakeup, 10_000),
    seconds: number("seconds", values.seconds, values.quick ? 1 : 4),
    rounds: number("rounds", values.rounds, values.quick ? 1 : 3),
    quick: values.quick ?? false,
    out: values.out ?? "dist/bench",
    help: values.help ?? false
  }
  return wrong[0] ?? options
}

/** Enough to keep a server busy, few enough for the default receive buffer of 208 KiB. */
export const underWayDefault = 64

/** From a small fleet's to what two cores have to spare. */
export const ratesDefault: ReadonlyArray<number> = [200, 1000, 3000, 6000]

const flags = {
  peers: { type: "string" },
  rows: { type: "string" },
  suites: { type: "string" },
  devices: { type: "string" },
  "under-way": { type: "string" },
  rates: { type: "string" },
  flat: { type: "string" },
  memory: { type: "string" },
  idle: { type: "string" },
  wakeup: { type: "string" },
  seconds: { type: "string" },
  rounds: { type: "string" },
  quick: { type: "boolean" },
  out: { type: "string" },
  help: { type: "boolean" }
} as const

export const usage = (peerKeys: ReadonlyArray<string>): string => `npm run bench -- [options]

Roost beside other CoAP servers over DTLS-PSK: same machine, same work, the servers on one core, the load on another.

  --peers A,B     of ${peerKeys.join(", ")} [all]
  --rows A,B      of ${rowGroups.join(", ")} [all]
  --suites A,B    of ${dtlsSuites.join(", ")}, in the rows of traffic [both]
  --devices N     devices of the rows of traffic [5000]; those of rates have 1000 of them at most
  --under-way N   requests under way at any time, of as many devices [${underWayDefault}]
  --rates N,M     uplinks a second in the rows of fixed rates [${ratesDefault.join(",")}]
  --flat N,M      sizes of the fleet that grows, on Californium and Roost [100,1000,10000,100000]
  --memory N,M    sessions of the rows of memory [1000,10000,100000]
  --idle N        online devices of the row of idle CPU, Roost only [100000]
  --wakeup N      devices that wake up together, Roost only [10000]
  --seconds N     of each measured stretch of traffic [4]
  --rounds N      of everything in traffic, stretches of each size in flat; medians are reported [3]
  --quick         Roost and the floor, one round of a second: does it work?
  --out FOLDER    of report.md, report.html, report.json [dist/bench]

How long a row takes:
  traffic   a minute for each server, suite and round
  rates     a minute for each server and round, six minutes a round with all floors
  flat      three minutes for each of two servers, nearly all of it handshakes
  memory    a minute for each server at 100000, some seconds below
  idle      eight minutes and a half
  actors    two minutes, for 2 and 4 session-actors
  wakeup    half a minute
All of it with all peers is about an hour.

What a peer needs to be built is in tools/bench/README.md; one that can't be is skipped with the reason.
`

/** The servers' core and the load's; undefined on a machine with one core, where nothing is pinned. */
export const cores = (): { readonly server: number | undefined; readonly load: number | undefined } =>
  availableParallelism() > 1 && process.platform === "linux"
    ? { server: 0, load: 1 }
    : { server: undefined, load: undefined }
