import { Table } from "@mantine/core"
import { WideTable } from "../display/WideTable.tsx"
import type { components } from "../../generated/registry.d.ts"
import { useText } from "../language/Language.tsx"

export const NatsServers = ({ servers }: { readonly servers: ReadonlyArray<components["schemas"]["NatsServer"]> }) => {
  const t = useText().cluster
  return (
    <WideTable label={t.servers} width={480} verticalSpacing="xs">
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{t.server}</Table.Th>
          <Table.Th>{t.version}</Table.Th>
          <Table.Th>{t.address}</Table.Th>
          <Table.Th>{t.state}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {servers.map(({ address, connected, current, name, version }) => (
          <Table.Tr key={name}>
            <Table.Td className="mono" style={{ overflowWrap: "anywhere" }}>
              {name}
            </Table.Td>
            <Table.Td>{version ?? "–"}</Table.Td>
            <Table.Td className="mono">{address ?? "–"}</Table.Td>
            <Table.Td>
              {[connected ? t.connected : "", current === false ? t.notCurrent : ""].filter(Boolean).join(", ") || "–"}
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </WideTable>
  )
}
