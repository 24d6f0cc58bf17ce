import { Button, Loader } from "@mantine/core"
import { useDisclosure } from "@mantine/hooks"
import { IconPlus, IconDatabaseExport } from "@tabler/icons-react"
import { useQuery } from "@tanstack/react-query"
import { EmptyState } from "../display/EmptyState.tsx"
import { FaultPanel } from "../display/FaultPanel.tsx"
import { PageHeader } from "../display/PageHeader.tsx"
import { useText } from "../language/Language.tsx"
import { NewSink } from "./NewSink.tsx"
import { SinkPanel } from "./SinkPanel.tsx"
import { sinksQuery } from "./sinkQueries.ts"
import classes from "./SinksPage.module.css"

/** Where events are written, and how each target does. */
export const SinksPage = () => {
  const text = useText()
  const t = text.sinks
  const sinks = useQuery(sinksQuery)
  const [open, dialog] = useDisclosure()
  return (
    <>
      <title>{`${t.title} · Roost`}</title>
      <PageHeader
        title={t.title}
        lead={t.lead}
        actions={
          <Button leftSection={<IconPlus size={16} />} onClick={dialog.open}>
            {t.add}
          </Button>
        }
      />
      {sinks.isError ? (
        <FaultPanel error={sinks.error} again={() => void sinks.refetch()} />
      ) : sinks.data === undefined ? (
        <Loader aria-label={text.app.loading} />
      ) : sinks.data.length === 0 ? (
        <div className="panel">
          <EmptyState
            icon={<IconDatabaseExport size={36} stroke={1.4} />}
            title={t.none}
            action={<Button onClick={dialog.open}>{t.add}</Button>}
          >
            {t.noneBody}
          </EmptyState>
        </div>
      ) : (
        <div className={classes.list}>
          {sinks.data.map((sink) => (
            <SinkPanel key={sink.sinkId} sink={sink} />
          ))}
        </div>
      )}
      {open && <NewSink onClose={dialog.close} />}
    </>
  )
}
