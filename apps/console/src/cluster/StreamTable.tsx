import { Table, Text } from "@mantine/core"
import type { components } from "../../generated/registry.d.ts"
import { Ago } from "../display/Ago.tsx"
import { bytes, count } from "../display/numbers.ts"
import { WideTable } from "../display/WideTable.tsx"
import { useLocale, useText } from "../language/Language.tsx"
import classes from "./ClusterPage.module.css"

/** Of its room from which on a stream wants attention. */
const fullFrom = 0.8

export const StreamTable = ({
  streams
}: {
  readonly streams: ReadonlyArray<components["schemas"]["ClusterStream"]>
}) => {
  const t = useText().cluster
  const locale = useLocale()
  return (
    <WideTable label={t.streams} width={720} verticalSpacing="xs">
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{t.stream}</Table.Th>
          <Table.Th ta="right">{t.messages}</Table.Th>
          <Table.Th>{t.room}</Table.Th>
          <Table.Th>{t.oldest}</Table.Th>
          <Table.Th>{t.behind}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {streams.map(({ bytes: used, bytesMax, consumers, firstAt, leader, messages, name, replicas }) => {
          const share = bytesMax === undefined ? undefined : used / bytesMax
          return (
            <Table.Tr key={name}>
              <Table.Td>
                <span className="mono">{name}</span>
                {replicas > 1 && (
                  <Text size="xs" className="quiet">
                    {t.replicas(replicas)} {leader}
                  </Text>
                )}
              </Table.Td>
              <Table.Td ta="right">{count(messages, locale)}</Table.Td>
              <Table.Td miw={160}>
                {bytes(used, locale)}
                {bytesMax !== undefined && <span className="quiet"> / {bytes(bytesMax, locale)}</span>}
                {share !== undefined && (
                  <div className={classes.bar} aria-hidden>
                    <div style={{ width: `${Math.min(100, 100 * share)}%` }} data-full={share >= fullFrom} />
                  </div>
                )}
              </Table.Td>
              <Table.Td>{firstAt === undefined ? "–" : <Ago at={firstAt} />}</Table.Td>
              <Table.Td>
                {consumers.length === 0
                  ? "–"
                  : consumers.map((consumer) => (
                      <Text key={consumer.name} size="xs">
                        <span className="mono">{consumer.name}</span>{" "}
                        {t.lagOf(count(consumer.pending, locale), count(consumer.unacknowledged, locale))}
                      </Text>
                    ))}
              </Table.Td>
            </Table.Tr>
          )
        })}
      </Table.Tbody>
    </WideTable>
  )
}
