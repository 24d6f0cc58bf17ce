import { Alert, Button, Group, Loader, Table, Text } from "@mantine/core"
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query"
import { Dialog } from "../display/Dialog.tsx"
import { bodyOf, registry } from "../api/client.ts"
import { FaultText } from "../display/FaultText.tsx"
import { fullTime, rowTime } from "../display/times.ts"
import { WideTable } from "../display/WideTable.tsx"
import { useLocale, useText } from "../language/Language.tsx"
import { deadEventsQuery, sinksKey } from "./sinkQueries.ts"

/** Events that could not be written, with the reason of the last try, to be written again. */
export const DeadEvents = ({ onClose, sinkId }: { readonly sinkId: string; readonly onClose: () => void }) => {
  const text = useText()
  const t = text.sinks
  const locale = useLocale()
  const client = useQueryClient()
  const { data, error } = useQuery(deadEventsQuery(sinkId))
  const replay = useMutation({
    mutationFn: () => bodyOf(registry.POST("/v1/sinks/{sinkId}/dead:replay", { params: { path: { sinkId } } })),
    onSuccess: () => client.invalidateQueries({ queryKey: sinksKey })
  })
  return (
    <Dialog size="xl" onClose={onClose} title={t.deadTitle}>
      {error && <FaultText error={error} />}
      {data === undefined && !error && <Loader aria-label={text.app.loading} />}
      {data && (
        <WideTable label={t.deadTitle} width={560} verticalSpacing="xs">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t.givenUp}</Table.Th>
              <Table.Th>{t.tries}</Table.Th>
              <Table.Th>{t.reason}</Table.Th>
              <Table.Th>{t.event}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {data.map(({ at, event, reason, tries }, index) => (
              <Table.Tr key={`${at} ${index}`}>
                <Table.Td>
                  <time title={fullTime(at, locale)}>{rowTime(at, locale)}</time>
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
      {replay.isError && (
        <Alert color="red" variant="light" role="alert">
          <FaultText error={replay.error} />
        </Alert>
      )}
      <Group justify="space-between" mt="md">
        <Text size="sm" role="status">
          {replay.data && t.replayed(replay.data.replayed)}
        </Text>
        <Group>
          <Button variant="default" onClick={onClose}>
            {text.dialog.close}
          </Button>
          <Button loading={replay.isPending} disabled={data?.length === 0} onClick={() => replay.mutate()}>
            {t.replay}
          </Button>
        </Group>
      </Group>
    </Dialog>
  )
}
