import { Button, Group, NativeSelect, Stack } from "@mantine/core"
import { IconVideo } from "@tabler/icons-react"
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query"
import { useNavigate } from "@tanstack/react-router"
import { useState } from "react"
import { bodyOf, registry } from "../api/client.ts"
import { Answered } from "../display/Answered.tsx"
import { EmptyState } from "../display/EmptyState.tsx"
import { Fault } from "../display/Fault.tsx"
import { Form } from "../display/Form.tsx"
import { PageHeader } from "../display/PageHeader.tsx"
import { Panel } from "../display/Panel.tsx"
import { TextField } from "../display/TextField.tsx"
import { useText } from "../language/Language.tsx"
import { RecordingList } from "./RecordingList.tsx"
import { recordingsKey, recordingsQuery } from "./whyQueries.ts"

/** All recordings, and a way to record who is at an address and names no device. */
export const RecordingsPage = () => {
  const text = useText()
  const t = text.why
  const client = useQueryClient()
  const navigate = useNavigate()
  const recordings = useQuery(recordingsQuery)
  const [address, setAddress] = useState("")
  const [minutes, setMinutes] = useState("5")
  const begin = useMutation({
    mutationFn: () =>
      bodyOf(registry.POST("/v1/recordings", { body: { address: address.trim(), minutes: Number(minutes) } })),
    onSuccess: async ({ id }) => {
      await client.invalidateQueries({ queryKey: recordingsKey })
      await navigate({ to: "/recordings/$id", params: { id } })
    }
  })
  return (
    <>
      <title>{`${t.recordings} · Roost`}</title>
      <PageHeader title={t.recordings} lead={t.recordingsLead} />
      <Stack>
        <Panel title={t.recordAddress}>
          <Form onSubmit={() => begin.mutate()}>
            <Group align="end">
              <TextField
                label={t.address}
                placeholder="192.0.2.7"
                value={address}
                onChange={setAddress}
                required
                technical
              />
              <NativeSelect
                label={t.recordFor}
                value={minutes}
                onChange={(event) => setMinutes(event.currentTarget.value)}
                data={["5", "15", "60"].map((value) => ({ value, label: t.minutes(Number(value)) }))}
              />
              <Button type="submit" variant="light" loading={begin.isPending}>
                {t.record}
              </Button>
            </Group>
          </Form>
          <Fault apart of={begin.error} />
        </Panel>
        <Panel title={t.allRecordings}>
          <Answered of={recordings} small>
            {(found) =>
              found.length === 0 ? (
                <EmptyState icon={<IconVideo size={36} stroke={1.4} />} title={t.noRecordings}>
                  {t.noRecordingsBody}
                </EmptyState>
              ) : (
                <RecordingList recordings={found} />
              )
            }
          </Answered>
        </Panel>
      </Stack>
    </>
  )
}
