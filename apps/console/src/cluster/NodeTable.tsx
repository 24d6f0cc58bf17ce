import { Table, Text } from "@mantine/core"
import type { components } from "../../generated/registry.d.ts"
import { Ago } from "../display/Ago.tsx"
import { bytes } from "../display/numbers.ts"
import { spanText } from "../display/times.ts"
import { WideTable } from "../display/WideTable.tsx"
import { useLocale, useText } from "../language/Language.tsx"

export const NodeTable = ({ nodes }: { readonly nodes: ReadonlyArray<components["schemas"]["ClusterNode"]> }) => {
  const t = useText().cluster
  const locale = useLocale()
  // Of an idle process not nothing, but little.
  const percent = (share: number) =>
    new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: share < 0.1 ? 1 : 0 }).format(share)
  const lag = (millis: number) => (millis < 1 ? `< ${spanText(1, locale)}` : spanText(millis, locale))
  return (
    <WideTable label={t.nodes} width={820} verticalSpacing="xs">
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{t.app}</Table.Th>
          <Table.Th>{t.state}</Table.Th>
          <Table.Th>{t.host}</Table.Th>
          <Table.Th>{t.version}</Table.Th>
          <Table.Th>{t.since}</Table.Th>
          <Table.Th ta="right">{t.cpu}</Table.Th>
          <Table.Th ta="right">{t.memory}</Table.Th>
          <Table.Th ta="right">{t.lag}</Table.Th>
          <Table.Th ta="right">{t.owns}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {nodes.map((node) => (
          <Table.Tr key={`${node.app} ${node.node}`}>
            <Table.Td>
              <Text fw={600} size="sm">
                {node.app}
              </Text>
              <Text size="xs" className="mono quiet">
                {node.node}
              </Text>
            </Table.Td>
            <Table.Td>
              <span style={{ color: node.ready ? "var(--roost-online)" : "var(--roost-bad)" }}>
                {node.ready ? t.ready : t.notReady}
              </span>
              {Object.entries(node.checks).map(([name, fault]) => (
                <Text key={name} size="xs">
                  {name}: {fault}
                </Text>
              ))}
            </Table.Td>
            <Table.Td>{node.host}</Table.Td>
            <Table.Td>{node.version}</Table.Td>
            <Table.Td>
              <Ago at={node.since} />
            </Table.Td>
            <Table.Td ta="right">{percent(node.cpu)}</Table.Td>
            <Table.Td ta="right">{bytes(node.memoryBytes, locale)}</Table.Td>
            <Table.Td ta="right">{lag(node.lagMillis)}</Table.Td>
            <Table.Td ta="right">{node.partitions ?? "–"}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </WideTable>
  )
}
