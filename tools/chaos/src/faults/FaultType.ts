export const apps = ["session-actors", "udp-edge", "downlink-queue", "registry"] as const
/** Stores that are deleted under running apps. */
export const streams = ["UPLINK", "KV_SESSIONS", "KV_LEASES"] as const

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
  "nats-freeze": "SIGSTOP of all servers of the cluster for longer than the lease, then SIGCONT",
  rolling: "SIGTERM and restart of every app and every NATS server, one after another"
} as const
const setBacks = {
  "power-cut": "everything killed, the store as it was some seconds before, everything started; twice to the same copy",
  restore: "everything stopped, a backup from before the faults, the bucket SESSIONS deleted, everything started"
} as const
const roomFaults = {
  "disk-full": "no byte left for any stream, then room again",
  "full-restart": "streams that fill the store, a restart of every server, then room again"
} as const
const streamFaults = {
  delete: "the stream deleted under running apps"
} as const
const clockFaults = {
  "clock-ahead": "the clock of one host's apps stepped an hour ahead, then back",
  "clock-behind": "the clock of one host's apps stepped an hour back, then ahead"
} as const
const databaseFaults = {
  "postgres-stop": "the registries' PostgreSQL stopped, and started",
  "postgres-freeze": "SIGSTOP of PostgreSQL and its backends, then SIGCONT",
  "postgres-slow": "PostgreSQL stands still for nine tenths of every second",
  "postgres-restart": "PostgreSQL stopped and started at once"
} as const
const intruderFaults = {
  "other-key": "one more node, with another ROOST_CLUSTER_KEY"
} as const
const versionFaults = {
  upgrade: "every app of the previous version replaced by this one's, and back but for registries; only by its name"
} as const
const strangerFaults = {
  flood: "handshakes under made-up identities and junk datagrams from one host"
} as const

export type FaultKind =
  | keyof typeof appFaults
  | keyof typeof natsFaults
  | keyof typeof wholeFaults
  | keyof typeof setBacks
  | keyof typeof roomFaults
  | keyof typeof streamFaults
  | keyof typeof clockFaults
  | keyof typeof databaseFaults
  | keyof typeof intruderFaults
  | keyof typeof strangerFaults
  | keyof typeof versionFaults

/** The names that `--only` takes. */
export interface FaultType {
  readonly kind: FaultKind
  /** The target: an app, a stream, `nats`, `postgres`, `host-1` and so on, or `all`. */
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
  ...typesOf(wholeFaults, ["all"]),
  ...typesOf(setBacks, ["all"]),
  ...typesOf(roomFaults, ["store"]),
  ...typesOf(streamFaults, streams),
  ...typesOf(clockFaults, ["host-1"]),
  ...typesOf(databaseFaults, ["postgres"]),
  ...typesOf(intruderFaults, ["intruder"]),
  ...typesOf(strangerFaults, ["strangers"]),
  ...typesOf(versionFaults, ["all"])
]

/** Faults that no device may notice: what is asked of it is answered, and well. */
const gentle: ReadonlySet<FaultKind> = new Set<FaultKind>([
  "drain",
  "rolling",
  "nats-restart",
  "clock-ahead",
  "clock-behind",
  "postgres-stop",
  "postgres-freeze",
  "postgres-slow",
  "postgres-restart",
  "other-key",
  "flood",
  "upgrade"
])

export const allGentle = (types: ReadonlyArray<FaultType>): boolean => types.every(({ kind }) => gentle.has(kind))

/** Faults that can't make the store late: where it is late nevertheless, that is the machine's doing. */
const besideStore: ReadonlySet<FaultKind> = new Set<FaultKind>(["drain", "rolling"])

export const allBesideStore = (types: ReadonlyArray<FaultType>): boolean =>
  types.every(({ kind }) => besideStore.has(kind))

export const nameOfType = ({ group, kind }: FaultType): string => `${kind}:${group}`

/** Each word is a kind, a group, or both as `kind:group`; the word that is none of them, if there is one. */
export const selectFaults = (words: ReadonlyArray<string>): ReadonlyArray<FaultType> | { readonly unknown: string } => {
  const matches = (type: FaultType, word: string) =>
    type.kind === word || type.group === word || nameOfType(type) === word
  const unknown = words.find((word) => !faultTypes.some((type) => matches(type, word)))
  if (unknown !== undefined) return { unknown }
  // It begins with another version, which has to be built first.
  return words.length === 0
    ? faultTypes.filter(({ kind }) => kind !== "upgrade")
    : faultTypes.filter((type) =>
        words.some((word) => matches(type, word) && (type.kind !== "upgrade" || word.startsWith("upgrade")))
      )
}
