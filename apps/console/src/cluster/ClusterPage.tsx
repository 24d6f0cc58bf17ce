import { Alert } from "@mantine/core"
import { IconCircleCheck, IconAlertTriangle } from "@tabler/icons-react"
import { queryOptions, useQuery } from "@tanstack/react-query"
import { bodyOf, registry } from "../api/client.ts"
import { Answered } from "../display/Answered.tsx"
import { PageHeader } from "../display/PageHeader.tsx"
import { Panel } from "../display/Panel.tsx"
import { useText } from "../language/Language.tsx"
import classes from "./ClusterPage.module.css"
import { NatsServers } from "./NatsServers.tsx"
import { NodeTable } from "./NodeTable.tsx"
import { PartitionMap } from "./PartitionMap.tsx"
import { StreamTable } from "./StreamTable.tsx"

const clusterQuery = queryOptions({
  queryKey: ["cluster"],
  queryFn: ({ signal }) => bodyOf(registry.GET("/v1/cluster", { signal })),
  refetchInterval: 2_000
})

/** How Roost itself does: what is wrong in words first, then its processes, partitions, streams and servers. */
export const ClusterPage = () => {
  const text = useText()
  const t = text.cluster
  const cluster = useQuery(clusterQuery)
  return (
    <>
      <title>{`${t.title} · Roost`}</title>
      <PageHeader title={t.title} lead={t.lead} />
      <Answered of={cluster}>
        {({ natsServers, nodes, partitions, problems, streams }) => (
          <div className={classes.parts}>
            {problems.length === 0 ? (
              <Alert color="teal" variant="light" icon={<IconCircleCheck size={18} />}>
                {t.well}
              </Alert>
            ) : (
              <Alert color="red" variant="light" icon={<IconAlertTriangle size={18} />} title={t.problems}>
                <ul className={classes.problems}>
                  {problems.map((problem) => (
                    <li key={problem}>{problem}</li>
                  ))}
                </ul>
              </Alert>
            )}
            <Panel title={t.nodes}>
              <NodeTable nodes={nodes} />
            </Panel>
            <Panel title={t.partitions}>
              <PartitionMap partitions={partitions} nodes={nodes} />
            </Panel>
            <Panel title={t.streams}>
              <StreamTable streams={streams} />
            </Panel>
            <Panel title={t.servers}>
              <NatsServers servers={natsServers} />
            </Panel>
          </div>
        )}
      </Answered>
    </>
  )
}
