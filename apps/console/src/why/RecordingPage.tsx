import { Anchor, Button, Group, Loader, SegmentedControl, Text } from "@mantine/core"
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query"
import { useNavigate, useParams } from "@tanstack/react-router"
import { useState } from "react"
import { registry } from "../api/client.ts"
import { ApiFault } from "../api/ApiFault.ts"
import { useNow } from "../display/Ago.tsx"
import { EmptyState } from "../display/EmptyState.tsx"
import { FaultPanel } from "../display/FaultPanel.tsx"
import { PageHeader } from "../display/PageHeader.tsx"
import { PageLink } from "../display/PageLink.tsx"
import { fullTime, spanText } from "../display/times.ts"
import { useLocale, useText } from "../language/Language.tsx"
import { recordingQuery, recordingsKey } from "./whyQueries.ts"
import { type Detail, Timeline } from "./Timeline.tsx"

/** The entries of a recording, record by record or in essence, as they come. */
export const RecordingPage = () => {
  const text = useText()
  const t = text.why
  const locale = useLocale()
  const now = useNow()
  const client = useQueryClient()
  const navigate = useNavigate()
  const { id } = useParams({ from: "/inside/recordings/$id" })
  const { data, error, refetch } = useQuery(recordingQuery(id))
  const [detail, setDetail] = useState<Detail>("essence")
  const remove = useMutation({
    mutationFn: () => registry.DELETE("/v1/recordings/{id}", { params: { path: { id } } }),
    onSuccess: async () => {
      await navigate({ to: "/recordings", replace: true })
      await client.invalidateQueries({ queryKey: recordingsKey, exact: true })
    }
  })
  if (error instanceof ApiFault && error.status === 404) {
    return <EmptyState title={t.noSuch} action={<PageLink to="/recordings">{t.recordings}</PageLink>} />
  }
  if (error) return <FaultPanel error={error} again={() => void refetch()} />
  if (data === undefined) return <Loader aria-label={text.app.loading} />
  const { entries, recording } = data
  const { address, deviceKey, from, productKey, until } = recording
  const pcapng = `/v1/recordings/${encodeURIComponent(id)}/pcapng`
  return (
    <>
      <title>{`${t.recordings} · Roost`}</title>
      <PageLink to="/recordings" size="sm">
        ← {t.recordings}
      </PageLink>
      <PageHeader
        title={deviceKey === undefined ? address : `${productKey} / ${deviceKey}`}
        lead={
          <span role="status">
            {fullTime(from, locale)} ·{" "}
            {until > now ? t.running(spanText(until - now, locale)) : spanText(until - from, locale)}
          </span>
        }
        actions={
          <>
            <Button component="a" variant="default" href={pcapng} download={`${id}.pcapng`}>
              {t.wireshark}
            </Button>
            <Button variant="subtle" color="red" loading={remove.isPending} onClick={() => remove.mutate()}>
              {text.dialog.delete}
            </Button>
          </>
        }
      />
      <Group justify="space-between" mb="md">
        <SegmentedControl
          aria-label={t.detail}
          value={detail}
          onChange={(next) => setDetail(next as Detail)}
          data={[
            { value: "essence", label: t.essence },
            { value: "all", label: t.everything }
          ]}
        />
        {recording.secrets && (
          <Text size="sm">
            <Anchor href={`${pcapng}?secrets=true`} download={`${id}-secrets.pcapng`}>
              {t.withSecrets}
            </Anchor>{" "}
            <span className="quiet">{t.withSecretsHint}</span>
          </Text>
        )}
      </Group>
      <div className="panel">
        <Timeline entries={entries} detail={detail} />
      </div>
    </>
  )
}
