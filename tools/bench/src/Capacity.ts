/** A fleet, and how it is to be served. */
export interface FleetDemand {
  readonly devices: number
  /** Seconds between two posts of a device. */
  readonly everySeconds: number
  /** Payload of a post, bytes. */
  readonly bytes: number
  /** Copies of each stream: 1, or 3 in a cluster of three. */
  readonly copies: 1 | 3
  /** How long the stream keeps uplinks, hours. */
  readonly keptHours: number
  /** Seconds in which all devices are to be back after an outage that took their sessions. */
  readonly backSeconds: number
  /** Share of a core, or of a leader, that is planned for; the rest is for peaks and collections. */
  readonly utilization: number
  /** Acks a second of one stream's leader on the disk that it will have: `node libs/nats/benchmark/Sync.ts` measures it. */
  readonly acksPerSecond: number
}

/**
 * µs of CPU, measured on one core of an AMD EPYC under KVM with nats-server 2.9.10 (docs/performance.md). It is that of an uplink at
 * half load, as a fleet is served, and of a full handshake.
 */
export const measured = {
  uplink: { "udp-edge": 16.7, "session-actors": 31.6, "nats-server": 28.6, registry: 0.1 },
  /** Latest values of points, at 5 000 a second and more; the registry's part is reckoned (docs/scale.md). */
  latestValues: { "nats-server": 9.9, registry: 13 },
  /** An uplink that the registry copies: those of a device that are so far apart, the newest so many. `bytes` with 150 of payload. */
  copied: { registry: 66, bytes: 133, apartSeconds: 600, newest: 128 },
  handshake: { "udp-edge": 65, "session-actors": 70, "nats-server": 64, registry: 26 },
  /** Bytes of a session: in session-actors, and in nats-server's process with its store of sessions. */
  sessionBytes: { "session-actors": 1_234, "nats-server": 900 },
  /** Bytes of a route in udp-edge. */
  routeBytes: 132,
  /** Bytes of an uplink in its stream beyond its payload: subject, headers, frame; reckoned. */
  storedBytes: 330,
  /** Bytes of an uplink and its answer on the wire beyond its payload: IPv4, UDP, DTLS with CCM_8, CoAP; reckoned. */
  wireBytes: 190,
  /** Acks a second of one stream's leader with `sync_interval: 5ms`, one copy: the slower of two disks that were measured. */
  acksPerSecond: 17_300
} as const

export type Part = keyof typeof measured.uplink
export const parts: ReadonlyArray<Part> = ["udp-edge", "session-actors", "nats-server", "registry"]

export interface Capacity {
  readonly uplinksPerSecond: number
  /** Cores that a part keeps busy, by `utilization` of each. */
  readonly cores: Readonly<Record<Part, number>>
  /** Bytes of memory in use beyond those of an idle process. */
  readonly memory: Readonly<Record<"udp-edge" | "session-actors" | "nats-server", number>>
  /** Bytes of the stream UPLINK on each nats-server. */
  readonly diskBytes: number
  /** Bytes of copies of uplinks in the registry's database. */
  readonly copiesBytes: number
  /** Bits a second at the edges, both ways. */
  readonly bitsPerSecond: number
  readonly storm: {
    readonly handshakesPerSecond: number
    readonly cores: Readonly<Record<Part, number>>
    /** Seconds that the sessions' one leader needs for them, on a core of its own. */
    readonly leaderSeconds: number
  }
  /** Share of what the one leader of the stream UPLINK can acknowledge; above 1 the fleet needs several cells. */
  readonly leaderLoad: number
  /** Devices that one cell serves at this interval before its stream's leader is the ceiling. */
  readonly devicesPerCell: number
  readonly cells: number
}

/** Plans by measured constants; linear, since the cost of an uplink stays flat as a fleet grows. */
export const capacityOf = (demand: FleetDemand): Capacity => {
  const { acksPerSecond, backSeconds, bytes, copies, devices, everySeconds, keptHours, utilization } = demand
  const uplinksPerSecond = devices / everySeconds
  const coresBy = (perSecond: number, costOf: (part: Part) => number) =>
    Object.fromEntries(
      parts.map((part) => {
        // Each copy is written by a server of its own.
        const times = part === "nats-server" ? copies : 1
        return [part, (perSecond * costOf(part) * times) / 1e6 / utilization]
      })
    ) as Record<Part, number>
  const latest: Readonly<Partial<Record<Part, number>>> = measured.latestValues
  const leaderLoad = uplinksPerSecond / (acksPerSecond * utilization)
  const { copied } = measured
  const copiedEverySeconds = Math.max(everySeconds, copied.apartSeconds)
  const copiedShare = everySeconds / copiedEverySeconds
  return {
    uplinksPerSecond,
    cores: coresBy(
      uplinksPerSecond,
      (part) => measured.uplink[part] + (latest[part] ?? 0) + (part === "registry" ? copied.registry * copiedShare : 0)
    ),
    copiesBytes: devices * copied.bytes * Math.min(copied.newest, Math.ceil((keptHours * 3_600) / copiedEverySeconds)),
    memory: {
      "udp-edge": devices * measured.routeBytes,
      "session-actors": devices * measured.sessionBytes["session-actors"],
      "nats-server": devices * measured.sessionBytes["nats-server"]
    },
    diskBytes: uplinksPerSecond * keptHours * 3_600 * (bytes + measured.storedBytes),
    bitsPerSecond: uplinksPerSecond * (bytes + measured.wireBytes) * 8,
    storm: {
      handshakesPerSecond: devices / backSeconds,
      cores: coresBy(devices / backSeconds, (part) => measured.handshake[part]),
      leaderSeconds: (devices * measured.handshake["nats-server"]) / 1e6
    },
    leaderLoad,
    devicesPerCell: Math.floor(acksPerSecond * utilization * everySeconds),
    cells: Math.max(1, Math.ceil(leaderLoad))
  }
}
