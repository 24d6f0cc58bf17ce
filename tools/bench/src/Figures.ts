import type { LoadSuite } from "./load/LoadDevices.ts"

export interface QuantityText {
  readonly title: string
  readonly unit: string
  /** The smaller is the better; undefined for a condition of the others, which is nobody's merit. */
  readonly less?: boolean
}

/** The quantities, in the order of the report. */
export const quantities = {
  handshakeRate: { title: "full handshakes", unit: "/s", less: false },
  handshakeCpu: { title: "CPU per full handshake", unit: "µs", less: true },
  resumptionRate: { title: "resumed handshakes", unit: "/s", less: false },
  resumptionCpu: { title: "CPU per resumed handshake", unit: "µs", less: true },
  uplinkRate: { title: "uplinks", unit: "/s", less: false },
  uplinkCpu: { title: "CPU per uplink", unit: "µs", less: true },
  loadBusy: { title: "the load's use of its own core meanwhile", unit: "%" },
  othersBusy: { title: "use of a core by everything else meanwhile", unit: "%" },
  halfCpu: { title: "CPU per uplink at half load", unit: "µs", less: true },
  p50: { title: "p50 at half load", unit: "ms", less: true },
  p99: { title: "p99 at half load", unit: "ms", less: true },
  p999: { title: "p99.9 at half load", unit: "ms", less: true },
  floorP99: { title: "p99 of the floor at the same rate", unit: "ms" },
  flatCpu: { title: "CPU per uplink by the size of the fleet", unit: "µs", less: true },
  liveMemory: { title: "memory per idle session, in use", unit: "B", less: true },
  residentMemory: { title: "memory per idle session, resident", unit: "B", less: true },
  rateCpu: { title: "CPU per uplink", unit: "µs", less: true },
  rateP50: { title: "p50", unit: "ms", less: true },
  rateP99: { title: "p99", unit: "ms", less: true },
  rateAnswered: { title: "answered of what was due", unit: "%" },
  rateLoadCpu: { title: "the load's own CPU per uplink", unit: "µs" },
  idleCpu: { title: "idle CPU of online devices", unit: "% of a core", less: true },
  wakeUp: { title: "wake-up storm, until all had shaken hands", unit: "s", less: true }
} as const satisfies Record<string, QuantityText>

export type Quantity = keyof typeof quantities

/** One value of one round. */
export interface Sample {
  readonly server: string
  readonly quantity: Quantity
  readonly suite: LoadSuite
  readonly devices: number
  /** Uplinks a second, in the rows of fixed rates. */
  readonly rate?: number
  /** Part of a server, for split costs. */
  readonly process?: string
  readonly value: number
}

export interface Figure extends Omit<Sample, "value"> {
  /** In the order of the rounds. */
  readonly values: ReadonlyArray<number>
}

/** The rounds' samples of the same thing together. */
export const figuresOf = (samples: ReadonlyArray<Sample>): ReadonlyArray<Figure> => {
  const figures = new Map<string, Figure & { readonly values: Array<number> }>()
  for (const { value, ...what } of samples) {
    const key = JSON.stringify([what.server, what.quantity, what.suite, what.devices, what.rate, what.process])
    const figure = figures.get(key)
    if (figure === undefined) figures.set(key, { ...what, values: [value] })
    else figure.values.push(value)
  }
  return [...figures.values()]
}
