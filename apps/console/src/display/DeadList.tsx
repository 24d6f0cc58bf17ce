import { Button, Group, Loader, Table, Text } from "@mantine/core"
import type { UseMutationResult, UseQueryResult } from "@tanstack/react-query"
import { useText } from "../language/Language.tsx"
import { Dialog } from "./Dialog.tsx"
import { Fault } from "./Fault.tsx"
import { RowTime } from "./RowTime.tsx"
import { WideTable } from "./WideTable.tsx"

interface DeadEvent {
  readonly at: number
  readonly event: unknown
  readonly reason: string
  readonly tries: number
}

/** Events that were given up, with the reason of the last try, to be given once more. */
export const DeadList = ({
  dead: { data, error },
  onClose,
  replay,
  words
}: {
  readonly dead: UseQueryResult<ReadonlyArray<DeadEvent>>
  readonly onClose: () => void
  readonly replay: UseMutationResult<{ readonly replayed: number }, Error, void>
  readonly words: Readonly<Record<"deadTitle" | "givenUp" | "tries" | "reason" | "event" | "replay", string>> & {
    readonly replayed: (count: number) => string
  }
}) => {
  const text = useText()
  return (
    <Dialog size="xl" onClose={onClose} title={words.deadTitle}>
      <Fault of={error} />
      {data === undefined && !error && <Loader aria-label={text.app.loading} />}
      {data && (
        <WideTable label={words.deadTitle} width={560} verticalSpacing="xs">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{words.givenUp}</Table.Th>
              <Table.Th>{words.tries}</Table.Th>
              <Table.Th>{words.reason}</Table.Th>
              <Table.Th>{words.event}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {data.map(({ at, event, reason, tries }, index) => (
              <Table.Tr key={`${at} ${index}`}>
                <Table.Td>
                  <RowTime at={at} />
                </Table.Td>
                <Table.Td>{tries}</Table.Td>
                <Table.Td>{reason}</Table.Td>
                <Table.Td className="mono" maw={320} style={{ overflowWrap: "anywhere", fontSize: "0.75rem" }}>
                  {JSON.stringify(event)}
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </WideTable>
      )}
      <Fault of={replay.error} />
      <Group justify="space-between" mt="md">
        <Text size="sm" role="status">
          {replay.data && words.replayed(replay.data.replayed)}
        </Text>
        <Group>
          <Button variant="default" onClick={onClose}>
            {text.dialog.close}
          </Button>
          <Button loading={replay.isPending} disabled={data?.length === 0} onClick={() => replay.mutate()}>
            {words.replay}
          </Button>
        </Group>
      </Group>
    </Dialog>
  )
}
