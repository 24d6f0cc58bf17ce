import {
  CommandState,
  DeviceStatus,
  type FleetSummary,
  type ProcessSummary,
  summaryProductsMax
} from "@roost/contracts"
import type { ProductCounts } from "../RegistryStore.ts"
import type { HeardProcess } from "./HeardProcesses.ts"

export type DeviceCounts = FleetSummary["devices"]

/** The devices of a summary, of what the store counted. */
export const deviceCounts = (countedAt: number, products: ReadonlyArray<ProductCounts>): DeviceCounts => {
  const byProduct = products
    .map(({ byStatus, productKey, productName }) => {
      const counts = statusCounts((status) => byStatus[status] ?? 0)
      return { productKey, productName, total: sumOf(Object.values(counts)), byStatus: counts }
    })
    .toSorted((a, b) => b.total - a.total || (a.productKey < b.productKey ? -1 : 1))
  return {
    countedAt,
    total: sumOf(byProduct.map(({ total }) => total)),
    byStatus: statusCounts((status) => sumOf(byProduct.map(({ byStatus }) => byStatus[status]))),
    byProduct: byProduct.slice(0, summaryProductsMax)
  }
}

const statusCounts = (count: (status: DeviceStatus) => number) =>
  Object.fromEntries(DeviceStatus.literals.map((status) => [status, count(status)])) as Record<DeviceStatus, number>

/** The processes' work, by their summaries. */
export const activityOf = (processes: ReadonlyArray<HeardProcess>): Omit<FleetSummary, "at" | "devices"> => {
  const perSecond = (count: string) => rounded(sumOf(processes.map(({ rate }) => rate(countOf(count)))))
  return {
    rates: {
      uplinksPerSecond: perSecond("uplinks"),
      handshakesPerSecond: perSecond("handshakes"),
      resumptionsPerSecond: perSecond("resumptions"),
      requestsPerSecond: perSecond("requests"),
      commandsPerSecond: perSecond("commands.created")
    },
    refusals: refusalsOf(processes),
    commands: {
      byState: Object.fromEntries(
        CommandState.literals.map((state) => [state, commandsIn(state, processes)])
      ) as Record<CommandState, number>
    }
  }
}

const countOf =
  (name: string) =>
  ({ counts }: ProcessSummary): number =>
    counts[name] ?? 0

/** Each downlink-queue knows all commands that wait, and counts those that it ended itself. */
const commandsIn = (state: CommandState, processes: ReadonlyArray<HeardProcess>): number =>
  state === "created" || state === "sent"
    ? Math.max(0, ...processes.map(({ summary }) => summary.waiting?.[state] ?? 0))
    : sumOf(processes.map(({ summary }) => countOf(`commands.${state}`)(summary)))

const refusalsOf = (processes: ReadonlyArray<HeardProcess>): FleetSummary["refusals"] => {
  const found = new Map<string, { code: string; app: string; count: number; perSecond: number }>()
  for (const { rate, summary } of processes) {
    for (const [code, count] of Object.entries(summary.refusals)) {
      const key = `${summary.app} ${code}`
      const known = found.get(key) ?? { code, app: summary.app, count: 0, perSecond: 0 }
      known.count += count
      known.perSecond += rate(({ refusals }) => refusals[code] ?? 0)
      found.set(key, known)
    }
  }
  return [...found.values()]
    .map((refusal) => Object.assign(refusal, { perSecond: rounded(refusal.perSecond) }))
    .toSorted((a, b) => b.perSecond - a.perSecond || b.count - a.count || (a.code < b.code ? -1 : 1))
}

const sumOf = (numbers: ReadonlyArray<number>): number => numbers.reduce((total, number) => total + number, 0)

/** Two places after the point say enough of a rate. */
const rounded = (rate: number): number => Math.round(rate * 100) / 100
