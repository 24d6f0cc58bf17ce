import { Box, Button, Checkbox, NativeSelect, Stack, Text } from "@mantine/core"
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query"
import { useNavigate } from "@tanstack/react-router"
import { useState } from "react"
import { bodyOf, registry } from "../api/client.ts"
import type { DevicePath } from "../device/deviceQueries.ts"
import { Fault } from "../display/Fault.tsx"
import { Form } from "../display/Form.tsx"
import { Panel } from "../display/Panel.tsx"
import { useText } from "../language/Language.tsx"
import { RecordingList } from "./RecordingList.tsx"
import { recordingsKey, recordingsQuery } from "./whyQueries.ts"

const minutesChoices = ["5", "15", "60"] as const

/** Begins recordings of the device, and lists those there are. */
export const DeviceRecordings = ({ device: { deviceKey, productKey } }: { readonly device: DevicePath }) => {
  const t = useText().why
  const client = useQueryClient()
  const navigate = useNavigate()
  const [minutes, setMinutes] = useState<(typeof minutesChoices)[number]>("5")
  const [secrets, setSecrets] = useState(false)
  const { data, error } = useQuery(recordingsQuery)
  const recordings = (data ?? []).filter(
    (recording) => recording.productKey === productKey && recording.deviceKey === deviceKey
  )
  const begin = useMutation({
    mutationFn: () =>
      bodyOf(registry.POST("/v1/recordings", { body: { productKey, deviceKey, minutes: Number(minutes), secrets } })),
    onSuccess: async ({ id }) => {
      await client.invalidateQueries({ queryKey: recordingsKey })
      await navigate({ to: "/recordings/$id", params: { id } })
    }
  })
  return (
    <Panel title={t.recordings}>
      <Form onSubmit={() => begin.mutate()}>
        <Stack gap="sm">
          <Text size="sm" className="quiet">
            {t.recordLead}
          </Text>
          <NativeSelect
            label={t.recordFor}
            value={minutes}
            onChange={(event) => setMinutes(event.currentTarget.value as (typeof minutesChoices)[number])}
            data={minutesChoices.map((value) => ({ value, label: t.minutes(Number(value)) }))}
          />
          <Checkbox
            label={t.secrets}
            description={t.secretsHint}
            checked={secrets}
            onChange={(event) => setSecrets(event.currentTarget.checked)}
          />
          <Button type="submit" variant="light" loading={begin.isPending}>
            {t.record}
          </Button>
          <Fault of={begin.error} />
        </Stack>
      </Form>
      <Fault apart of={error} />
      {recordings.length > 0 && (
        <Box mt="md">
          <RecordingList recordings={recordings} />
        </Box>
      )}
    </Panel>
  )
}
