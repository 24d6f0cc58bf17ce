export const apps = ["session-actors", "udp-edge", "downlink-queue", "registry"] as const
const appFaults = {
  sigkill: "SIGKILL, and another process a moment later",
  pause: "SIGSTOP for longer than the lease, then SIGCONT",
  drain: "SIGTERM, wait until it has handed over, start another",
  cut: "no packet to or from NATS for longer than the lease, then all of them"
} as const
const natsFaults = {
  "nats-kill": "SIGKILL of one server of the cluster, and a restart",
  "nats-pause": "SIGSTOP of one server of the cluster, then SIGCONT",
  "nats-restart": "SIGTERM of one server of the cluster, and a restart"
} as const
const wholeFaults = {
  "nats-gone": "all servers of the cluster killed, 30 s of nothing, all started",
  rolling: "SIGTERM and restart of every app and every NATS server, one after another"
} as const

export type FaultKind = keyof typeof appFaults | keyof typeof natsFaults | keyof typeof wholeFaults

/** What can be asked for by `--only`. */
export interface FaultType {
  readonly kind: FaultKind
  /** An app, `nats`, or `all`. */
  readonly group: string
  readonly description: string
}

const typesOf = (kinds: Readonly<Record<string, string>>, groups: ReadonlyArray<string>): ReadonlyArray<FaultType> =>
  Object.entries(kinds).flatMap(([kind, description]) =>
    groups.map((group) => ({ kind: kind as FaultKind, group, description }))
  )

export const faultTypes: ReadonlyArray<FaultType> = [
  ...typesOf(appFaults, apps),
  ...typesOf(natsFaults, ["nats"]),
  ...typesOf(wholeFaults, ["all"])
]

/** Faults that no device may notice: what is asked of it is answered, and well. */
const gentle: ReadonlySet<string> = new Set(["drain", "rolling", "nats-restart"])

export const allGentle = (types: ReadonlyArray<FaultType>): boolean => types.every(({ kind }) => gentle.has(kind))

export const nameOfType = ({ group, kind }: FaultType): string => `${kind}:${group}`

/** Each word is a kind, a group, or both as `kind:group`; the word that is none of them, if there is one. */
export const selectFaults = (words: ReadonlyArray<string>): ReadonlyArray<FaultType> | { readonly unknown: string } => {
  const matches = (type: FaultType, word: string) =>
    type.kind === word || type.group === word || nameOfType(type) === word
  const unknown = words.find((word) => !faultTypes.some((type) => matches(type, word)))
  if (unknown !== undefined) return { unknown }
  return words.length === 0 ? faultTypes : faultTypes.filter((type) => words.some((word) => matches(type, word)))
}

/** A fault that is to come. Times in milliseconds from the beginning of the faults. */
export interface PlannedFault {
  readonly type: FaultType
  readonly atMillis: number
  /** From the cause to its end: the pause, the cut, the absence of a killed process. */
  readonly lastsMillis: number
  /** Chooses among the processes of the group: 0 inclusive to 1 exclusive. */
  readonly pick: number
}

/** With the default lease of 3.5 s and its margin, another node owns the partitions after 4 s. */
const longerThanLease = [6_000, 10_000] as const
const lasting: Readonly<Record<FaultKind, readonly [least: number, most: number]>> = {
  sigkill: [200, 3_000],
  pause: longerThanLease,
  drain: [0, 0],
  cut: longerThanLease,
  "nats-kill": [500, 4_000],
  "nats-pause": [2_000, 8_000],
  "nats-restart": [0, 1_000],
  "nats-gone": [30_000, 30_000],
  rolling: [0, 0]
}
/** Rest between two faults: enough for a process that starts on a busy machine, too little for everything to settle. */
const restMillis = [3_000, 8_000] as const

/**
 * One fault after another until the time is over, all from one seed. Each type comes once before any comes twice, so that
 * short runs see as many as they can; the first always happens, a later one only if it can end in time.
 */
export const planFaults = (
  random: () => number,
  types: ReadonlyArray<FaultType>,
  forMillis: number
): ReadonlyArray<PlannedFault> => {
  const plan: Array<PlannedFault> = []
  let bag: Array<FaultType> = []
  for (let at = 0; types.length > 0;) {
    if (bag.length === 0) bag = [...types]
    const type = bag.splice(Math.floor(random() * bag.length), 1)[0]!
    const lastsMillis = Math.round(between(random, lasting[type.kind]))
    const pick = random()
    if (plan.length > 0 && at + lastsMillis > forMillis) break
    plan.push({ type, atMillis: Math.round(at), lastsMillis, pick })
    at += lastsMillis + between(random, restMillis)
  }
  return plan
}

const between = (random: () => number, [least, most]: readonly [number, number]): number =>
  least + (most - least) * random()
