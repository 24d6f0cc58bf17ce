import { Anchor, Text } from "@mantine/core"
import { IconMoodCheck } from "@tabler/icons-react"
import { useQuery } from "@tanstack/react-query"
import type { DevicePath } from "../device/deviceQueries.ts"
import { Answered } from "../display/Answered.tsx"
import { EmptyState } from "../display/EmptyState.tsx"
import { Panel } from "../display/Panel.tsx"
import { useText } from "../language/Language.tsx"
import { DeviceRecordings } from "./DeviceRecordings.tsx"
import classes from "./DeviceWhy.module.css"
import { FindingItem } from "./FindingItem.tsx"
import { whyQuery } from "./whyQueries.ts"

/** Why it does not do what it should: a verdict, the causes in their order with their cures, and recordings of what was said. */
export const DeviceWhy = ({ device }: { readonly device: DevicePath }) => {
  const text = useText()
  const t = text.why
  const why = useQuery(whyQuery(device))
  const support = `/v1/products/${encodeURIComponent(device.productKey)}/devices/${encodeURIComponent(device.deviceKey)}/support`
  return (
    <div className={classes.columns}>
      <Panel
        title={t.title}
        actions={
          <Anchor size="sm" href={support} download={`${device.productKey}-${device.deviceKey}-support.json`}>
            {t.support}
          </Anchor>
        }
      >
        <Answered of={why} small>
          {(answer) => (
            <>
              <Text fw={600} size="lg" role="status">
                {answer.verdict}
              </Text>
              {answer.findings.length === 0 ? (
                <EmptyState icon={<IconMoodCheck size={32} stroke={1.4} />} title={t.nothing}>
                  {t.nothingBody}
                </EmptyState>
              ) : (
                <ol className={classes.findings}>
                  {answer.findings.map((finding) => (
                    <FindingItem key={`${finding.code} ${finding.at}`} finding={finding} />
                  ))}
                </ol>
              )}
            </>
          )}
        </Answered>
      </Panel>
      <DeviceRecordings device={device} />
    </div>
  )
}
