import type { Figure, Quantity } from "./Figures.ts"
import { handshakesUnderWayMax } from "./load/LoadDevices.ts"
import type { Report } from "./report/Report.ts"
import { rounded } from "./report/Round.ts"
import { median, spread } from "./Statistics.ts"

/** The goals of Roost, and whether this run shows them. */
export interface Goal {
  /** The comparison in words, for somebody who has never seen the project. */
  readonly title: string
  /** Such as `≤ 1.0 × Californium`. */
  readonly bound: string
  /** The figure of this run, with what it was computed from; empty if there is none. */
  readonly figure: string
  readonly verdict: "kept" | "not kept" | "not measured"
  /** Of one that was not measured: the options that do it. */
  readonly measuredBy: string
}

/** In the order of the issue that asked for them. Medians decide; a figure close to its bound may fall on either side in another run. */
export const goalsOf = (report: Report): ReadonlyArray<Goal> => {
  const traffic = `--rows traffic --devices ${fleetOfGoals}`
  const valueOf = (server: string, quantity: Quantity, devices?: number) => {
    const figure = figureOf(report, server, quantity, devices)
    return figure && median(figure.values)
  }
  const ratio = (
    title: string,
    quantity: Quantity,
    peer: keyof typeof peerNames,
    max: number,
    devices: number | undefined,
    rows: string
  ): Goal => {
    const name = peerNames[peer]
    const own = figureOf(report, "roost", quantity, devices)
    const others = figureOf(report, peer, quantity, devices)
    const unit = quantity === "liveMemory" ? "B" : "µs"
    const value = own && others && median(own.values) / median(others.values)
    return judged({
      title,
      bound: `≤ ${max} × ${name}`,
      value,
      max,
      text: (value) => `${value.toFixed(2)} × (${withSpread(own!)} to ${withSpread(others!)} ${unit})`,
      measuredBy: `${rows} --peers roost,${peer}`
    })
  }
  const uplink = `CPU per uplink, ${fleetOfGoals} devices, ${report.underWay} requests under way`
  const handshake = `CPU per full handshake, everything included, ${fleetOfGoals} devices, ${handshakesUnderWayMax} under way`
  const memoryFleet = largestOf(report, "roost", "liveMemory")
  const memory = `Memory in use per idle session${memoryFleet === undefined ? "" : `, ${memoryFleet} sessions`}`
  const [own, floor] = [valueOf("roost", "p99"), valueOf("roost", "floorP99")]
  const flat = report.figures.filter(({ quantity, server }) => quantity === "flatCpu" && server === "roost")
  const costs = flat.map(({ values }) => median(values))
  const sizes = flat.map(({ devices }) => devices)
  const isFullRange = Math.min(...sizes) <= flatFrom && Math.max(...sizes) >= flatTo
  return [
    ratio(uplink, "uplinkCpu", "californium", 1, fleetOfGoals, traffic),
    ratio(uplink, "uplinkCpu", "go-coap", 1, fleetOfGoals, traffic),
    ratio(uplink, "uplinkCpu", "libcoap", 0.3, fleetOfGoals, traffic),
    judged({
      title: `CPU per uplink, the same for ${flatFrom} and ${flatTo} devices: distance of each from their middle`,
      bound: "≤ 15 %",
      value: isFullRange ? (spanOf(costs) - 1) / (spanOf(costs) + 1) : undefined,
      max: 0.15,
      text: (value) =>
        `± ${Math.round(value * 100)} % (${sizes.map((size, i) => `${rounded(costs[i]!)} µs at ${size}`).join(", ")})`,
      measuredBy: `--rows flat --flat ${flatFrom},1000,10000,${flatTo}`
    }),
    ratio(handshake, "handshakeCpu", "californium", 1, fleetOfGoals, traffic),
    ratio(handshake, "handshakeCpu", "go-coap", 1, fleetOfGoals, traffic),
    ratio(memory, "liveMemory", "californium", 0.33, memoryFleet, "--rows memory"),
    judged({
      title: memory,
      bound: `≤ ${sessionBytesMax} B`,
      value: memoryFleet === undefined ? undefined : valueOf("roost", "liveMemory", memoryFleet),
      max: sessionBytesMax,
      text: (value) => `${rounded(value)} B`,
      measuredBy: "--rows memory --peers roost"
    }),
    judged({
      title: `CPU of ${idleFleet} online devices that say nothing`,
      bound: "≤ 1 % of a core",
      value: valueOf("roost", "idleCpu", idleFleet),
      max: 1,
      text: (value) => `${rounded(value)} % of a core`,
      measuredBy: `--rows idle --idle ${idleFleet} --peers roost`
    }),
    judged({
      title: "p99 at half of Roost's full rate, beside a bare datagram echo at the same rate",
      bound: "≤ 2 × the echo's p99 + 2 ms",
      value: own === undefined || floor === undefined ? undefined : own - (2 * floor + 2),
      max: 0,
      text: () =>
        `${rounded(own!)} ms (the bound is ${rounded(2 * floor! + 2)} ms, the echo's p99 ${rounded(floor!)} ms)`,
      measuredBy: "--rows traffic --peers roost"
    }),
    ...ratesGoals(report)
  ]
}

/** Beside the least that stores in two processes: what no separation of sockets and decisions can do without. */
const ratesGoals = (report: Report): ReadonlyArray<Goal> =>
  rateCpuMax.flatMap(([rate, max]) => {
    const at = (server: string, quantity: Quantity) =>
      report.figures.find(
        (figure) =>
          figure.server === server &&
          figure.quantity === quantity &&
          figure.rate === rate &&
          figure.process === undefined
      )
    const middle = (figure: Figure | undefined) => figure && median(figure.values)
    const [own, least] = [at("started", "rateCpu"), at("floor-linked", "rateCpu")]
    const [ownP99, leastP99] = [middle(at("started", "rateP99")), middle(at("floor-linked", "rateP99"))]
    const p99Max = leastP99 && 2 * leastP99 + 3
    const measuredBy = `--rows rates --rates ${rate} --peers roost,floor`
    return [
      judged({
        title: `CPU per uplink of npm start at ${rate}/s, everything included`,
        bound: `≤ ${max} × the least of two processes that stores`,
        value: own && least && median(own.values) / median(least.values),
        max,
        text: (value) => `${value.toFixed(2)} × (${withSpread(own!)} to ${withSpread(least!)} µs)`,
        measuredBy
      }),
      judged({
        title: `p99 of npm start at ${rate}/s`,
        bound: "≤ 2 × that least's + 3 ms",
        value: leastP99 === undefined ? undefined : ownP99,
        max: p99Max ?? Number.NaN,
        text: (value) => `${rounded(value)} ms (the bound is ${rounded(p99Max!)} ms)`,
        measuredBy
      })
    ]
  })

/** Uplinks a second, and how often the least of two processes. */
const rateCpuMax = [
  [200, 1.5],
  [1000, 1.4],
  [3000, 1.1],
  [6000, 1]
] as const

const judged = ({
  max,
  text,
  value,
  ...goal
}: Pick<Goal, "title" | "bound" | "measuredBy"> & {
  readonly value: number | undefined
  readonly max: number
  readonly text: (value: number) => string
}): Goal =>
  value === undefined || !Number.isFinite(value)
    ? { ...goal, figure: "", verdict: "not measured" }
    : { ...goal, figure: text(value), verdict: value <= max ? "kept" : "not kept" }

/** With CCM_8, the suite that all of them have. */
const isOf = (figure: Figure, server: string, quantity: Quantity): boolean =>
  figure.server === server && figure.quantity === quantity && figure.suite === "CCM_8" && figure.process === undefined

const figureOf = (report: Report, server: string, quantity: Quantity, devices?: number): Figure | undefined =>
  report.figures.find(
    (figure) => isOf(figure, server, quantity) && (devices === undefined || figure.devices === devices)
  )

const withSpread = ({ values }: Figure): string =>
  `${rounded(median(values))}${values.length > 1 ? ` ±${Math.round(spread(values) * 100)} %` : ""}`

const largestOf = (report: Report, server: string, quantity: Quantity): number | undefined => {
  const sizes = report.figures.filter((figure) => isOf(figure, server, quantity)).map(({ devices }) => devices)
  return sizes.length === 0 ? undefined : Math.max(...sizes)
}

/** The largest in terms of the smallest. */
export const spanOf = (values: ReadonlyArray<number>): number => Math.max(...values) / Math.min(...values)

const peerNames = { californium: "Californium", "go-coap": "go-coap", libcoap: "libcoap" } as const
const fleetOfGoals = 5000
const flatFrom = 100
const flatTo = 100_000
const idleFleet = 100_000
const sessionBytesMax = 1500
