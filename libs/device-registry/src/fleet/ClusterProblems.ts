import type { Cluster } from "@roost/contracts"

/** What is wrong with a cluster, in words, worst first. */
export const problemsOf = ({ nodes, partitions }: Omit<Cluster, "problems">): ReadonlyArray<string> => {
  const problems: Array<string> = []
  const unserved = partitions.filter((index) => index === null).length
  if (unserved > 0) {
    problems.push(
      `Nobody serves ${unserved} of the ${partitions.length} partitions: devices in them hear nothing. Start a session-actors, or look at why those that run do not take them.`
    )
  }
  for (const { app, checks, node, ready } of nodes) {
    for (const [name, why] of Object.entries(checks)) {
      problems.push(`${app} ${node} ${ready ? "is degraded" : "is not ready"}: ${name}: ${why}`)
    }
  }
  return problems
}
