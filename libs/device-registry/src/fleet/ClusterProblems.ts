import type { Cluster } from "@roost/contracts"

/** Part of its room from which a stream is nearly full. */
const nearlyFull = 0.9

/** Messages that a consumer may be behind before somebody should look why. */
const pendingMax = 10_000

const needed = ["udp-edge", "session-actors", "registry", "downlink-queue"] as const

type View = Omit<Cluster, "problems">

/** The faults of a cluster, in words, worst first. */
export const problemsOf = (view: View): ReadonlyArray<string> => [
  ...unserved(view),
  ...missing(view),
  ...unwell(view),
  ...servers(view),
  ...full(view),
  ...behind(view),
  ...versions(view)
]

const unserved = ({ partitions }: View): ReadonlyArray<string> => {
  const count = partitions.filter((index) => index === null).length
  if (count === 0) return []
  return [
    `Nobody serves ${count} of the ${partitions.length} partitions: their devices hear nothing. Start a session-actors, or look why those that run take no more.`
  ]
}

const missing = ({ nodes }: View): ReadonlyArray<string> =>
  needed
    .filter((app) => !nodes.some((node) => node.app === app))
    .map((app) => `No ${app} was heard of in the last seconds: none runs, or it does not reach NATS.`)

const unwell = ({ nodes }: View): ReadonlyArray<string> =>
  nodes.flatMap(({ app, checks, node, ready }) =>
    Object.entries(checks).map(
      ([name, why]) => `${app} ${node} ${ready ? "serves, but not everybody" : "is not ready"}: ${name}: ${why}`
    )
  )

const servers = ({ natsServers }: View): ReadonlyArray<string> =>
  natsServers
    .filter(({ current }) => current === false)
    .map(({ name }) => `nats-server ${name} is behind with its copies of streams, or not reached.`)

const full = ({ streams }: View): ReadonlyArray<string> =>
  streams.flatMap(({ bytes, bytesMax, name }) => {
    if (bytesMax === undefined || bytes < nearlyFull * bytesMax) return []
    const percent = Math.floor((100 * bytes) / bytesMax)
    return [`${name} is ${percent} % full: give it more room, or a shorter time (docs/operations.md).`]
  })

const behind = ({ streams }: View): ReadonlyArray<string> =>
  streams.flatMap(({ consumers, name }) =>
    consumers
      .filter(({ pending }) => pending > pendingMax)
      .map((consumer) => `${consumer.name} is ${consumer.pending} messages behind the end of ${name}.`)
  )

const versions = ({ nodes }: View): ReadonlyArray<string> => {
  const found = [...new Set(nodes.map(({ version }) => version))].toSorted()
  return found.length < 2 ? [] : [`Processes of several versions run: ${found.join(", ")}.`]
}
