import { IconDatabaseExport } from "@tabler/icons-react"
import { useQuery } from "@tanstack/react-query"
import { ListPage } from "../display/ListPage.tsx"
import { useText } from "../language/Language.tsx"
import { NewSink } from "./NewSink.tsx"
import { SinkPanel } from "./SinkPanel.tsx"
import { sinksQuery } from "./sinkQueries.ts"

/** Where events are written, and how each target does. */
export const SinksPage = () => (
  <ListPage
    items={useQuery(sinksQuery)}
    words={useText().sinks}
    icon={<IconDatabaseExport size={36} stroke={1.4} />}
    making={(onClose) => <NewSink onClose={onClose} />}
  >
    {(sink) => <SinkPanel key={sink.sinkId} sink={sink} />}
  </ListPage>
)
