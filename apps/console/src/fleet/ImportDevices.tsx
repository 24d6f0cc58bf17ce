import { Alert, Anchor, Button, FileInput, Group, Progress, Stack, Table, Text } from "@mantine/core"
import { IconDownload } from "@tabler/icons-react"
import { useState } from "react"
import { Dialog } from "../display/Dialog.tsx"
import { Fault } from "../display/Fault.tsx"
import { count } from "../display/numbers.ts"
import { useLocale, useText } from "../language/Language.tsx"
import { ProductSelect } from "./ProductSelect.tsx"
import { type ImportState, useImport } from "./useImport.ts"

/** Registers the devices of a file, and says of each line that was refused why. */
export const ImportDevices = ({
  onClose,
  productKey: chosen
}: {
  readonly productKey: string | undefined
  readonly onClose: () => void
}) => {
  const text = useText()
  const t = text.importing
  const [productKey, setProduct] = useState<string | null>(chosen ?? null)
  const [file, setFile] = useState<File | null>(null)
  const { secretsFile, start, state, stop } = useImport()
  const running = state.phase === "running"
  return (
    <Dialog
      size="lg"
      title={t.title}
      closeOnClickOutside={!running}
      onClose={() => {
        stop()
        onClose()
      }}
    >
      <Stack>
        <ProductSelect value={productKey} onChange={setProduct} />
        <FileInput
          label={t.file}
          description={t.fileHint}
          placeholder={t.choose}
          value={file}
          onChange={setFile}
          accept=".ndjson,.jsonl,.json,.csv,text/csv"
        />
        {state.phase !== "idle" && <ImportProgress state={state} secretsFile={secretsFile} />}
        <Group justify="flex-end">
          {running ? (
            <Button variant="default" onClick={stop}>
              {t.stop}
            </Button>
          ) : (
            <>
              <Button variant="default" onClick={onClose}>
                {state.phase === "done" ? text.dialog.done : text.dialog.cancel}
              </Button>
              <Button disabled={file === null || productKey === null} onClick={() => void start(productKey!, file!)}>
                {t.start}
              </Button>
            </>
          )}
        </Group>
      </Stack>
    </Dialog>
  )
}

const ImportProgress = ({ secretsFile, state }: { readonly state: ImportState; readonly secretsFile: () => Blob }) => {
  const t = useText().importing
  const locale = useLocale()
  const done = state.imported + state.refused
  const number = (value: number) => count(value, locale)
  if (state.phase === "done" && state.lines === 0) return <Alert color="yellow">{t.empty}</Alert>
  return (
    <Stack gap="xs">
      <Progress.Root size="lg" aria-label={t.title}>
        <Progress.Section
          value={(100 * state.imported) / Math.max(1, state.lines)}
          color="roost"
          aria-label={t.title}
        />
        <Progress.Section value={(100 * state.refused) / Math.max(1, state.lines)} color="red" aria-label={t.reason} />
      </Progress.Root>
      <Group gap="lg" role="status">
        <Text size="sm">{t.progress(number(done), number(state.lines))}</Text>
        <Text size="sm">{t.imported(number(state.imported))}</Text>
        {state.refused > 0 && (
          <Text size="sm" c="var(--roost-bad)">
            {t.refused(number(state.refused))}
          </Text>
        )}
      </Group>
      {state.phase === "stopped" && <Alert color="yellow">{t.stopped}</Alert>}
      {state.phase === "failed" && <Fault of={state.error} />}
      {state.phase !== "running" && state.imported > 0 && <SecretsLink file={secretsFile} />}
      {state.refusals.length > 0 && (
        <Table.ScrollContainer minWidth={320} mah={260}>
          <Table stickyHeader>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{t.line}</Table.Th>
                <Table.Th>{t.device}</Table.Th>
                <Table.Th>{t.reason}</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {state.refusals.map(({ deviceKey, line, reason }) => (
                <Table.Tr key={line}>
                  <Table.Td>{number(line)}</Table.Td>
                  <Table.Td className="mono">{deviceKey ?? "–"}</Table.Td>
                  <Table.Td>{reason}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
          {state.refused > state.refusals.length && (
            <Text size="sm" className="quiet" mt="xs">
              {t.moreRefused(number(state.refused - state.refusals.length))}
            </Text>
          )}
        </Table.ScrollContainer>
      )}
    </Stack>
  )
}

const SecretsLink = ({ file }: { readonly file: () => Blob }) => {
  const t = useText().importing
  const [href] = useState(() => URL.createObjectURL(file()))
  return (
    <Group gap="xs">
      <IconDownload size={16} />
      <Anchor href={href} download="roost-secrets.csv" size="sm">
        {t.download}
      </Anchor>
      <Text size="sm" className="quiet">
        {t.downloadHint}
      </Text>
    </Group>
  )
}
