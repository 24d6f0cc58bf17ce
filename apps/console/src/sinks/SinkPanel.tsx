import { Alert, Button, Text } from "@mantine/core"
import { useDisclosure } from "@mantine/hooks"
import { useMutation, useQueryClient } from "@tanstack/react-query"
import { bodyOf, registry } from "../api/client.ts"
import { Ago } from "../display/Ago.tsx"
import { Confirm } from "../display/Confirm.tsx"
import { Facts } from "../display/Facts.tsx"
import { Fault } from "../display/Fault.tsx"
import { count } from "../display/numbers.ts"
import { Panel } from "../display/Panel.tsx"
import { Tag } from "../display/Tag.tsx"
import { spanText } from "../display/times.ts"
import { useLocale, useText } from "../language/Language.tsx"
import { DeadEvents } from "./DeadEvents.tsx"
import { type Sink, sinksKey } from "./sinkQueries.ts"
import classes from "../display/ListPage.module.css"

const tones = { untried: "odd", healthy: "good", failing: "bad" } as const

/** One sink: what is written where, how it does, and what can be done about it. */
export const SinkPanel = ({ sink }: { readonly sink: Sink }) => {
  const text = useText()
  const t = text.sinks
  const locale = useLocale()
  const client = useQueryClient()
  const [deleting, dialog] = useDisclosure()
  const [deadShown, deadList] = useDisclosure()
  const { paused, sinkId, status, target } = sink
  const params = { path: { sinkId } }
  const changed = { onSuccess: () => client.invalidateQueries({ queryKey: sinksKey }) }
  const test = useMutation({ mutationFn: () => bodyOf(registry.POST("/v1/sinks/{sinkId}:test", { params })) })
  const pause = useMutation({
    mutationFn: () =>
      bodyOf(
        paused
          ? registry.POST("/v1/sinks/{sinkId}:resume", { params })
          : registry.POST("/v1/sinks/{sinkId}:pause", { params })
      ),
    ...changed
  })
  const remove = useMutation({ mutationFn: () => registry.DELETE("/v1/sinks/{sinkId}", { params }), ...changed })
  const fault = test.error ?? pause.error
  return (
    <Panel
      title={sink.name}
      actions={
        paused ? <Tag tone="odd">{t.paused}</Tag> : <Tag tone={tones[status.health]}>{t.health[status.health]}</Tag>
      }
    >
      <div className={classes.body}>
        <Facts
          rows={[
            [t.kinds, sink.kinds.map((kind) => t.kindNames[kind]).join(", ")],
            [t.of, sink.deviceKey ?? sink.productKey ?? t.all],
            [
              t.target,
              <span key="target" className={`mono ${classes.url}`}>
                {target.url}
              </span>
            ],
            [
              t.id,
              <span key="id" className="mono">
                {sinkId}
              </span>
            ]
          ]}
        />
        <Facts
          rows={[
            [t.written, status.writtenAt === undefined ? t.never : <Ago key="written" at={status.writtenAt} />],
            [t.waiting, sink.waiting === 0 ? t.nothing : count(sink.waiting, locale)],
            // How far it is behind is the age of what waits: of nothing there is none.
            ...(sink.waiting === 0 ? [] : [[t.lag, spanText(1_000 * sink.lagSeconds, locale)] as const]),
            [t.dead, count(sink.dead, locale)]
          ]}
        />
      </div>
      {status.health === "failing" && (
        <Alert mt="sm" variant="light" color="red" title={status.error}>
          <Text size="sm">{status.cure}</Text>
        </Alert>
      )}
      <div className={classes.actions}>
        <Button size="xs" variant="light" loading={test.isPending} onClick={() => test.mutate()}>
          {t.test}
        </Button>
        <Button size="xs" variant="default" loading={pause.isPending} onClick={() => pause.mutate()}>
          {paused ? t.resume : t.pause}
        </Button>
        <Button size="xs" variant="default" disabled={sink.dead === 0} onClick={deadList.open}>
          {t.showDead}
        </Button>
        <Button size="xs" variant="subtle" color="red" onClick={dialog.open}>
          {text.dialog.delete}
        </Button>
      </div>
      <div role="status" aria-live="polite">
        {test.data && (
          <Alert mt="sm" variant="light" color={test.data.reached ? "teal" : "red"}>
            <Text size="sm">
              {test.data.reached
                ? t.tested(spanText(test.data.millis, locale))
                : `${test.data.error}. ${test.data.cure}`}
            </Text>
          </Alert>
        )}
        <Fault apart of={fault} />
      </div>
      {deadShown && <DeadEvents sinkId={sinkId} onClose={deadList.close} />}
      {deleting && (
        <Confirm title={t.deleteTitle} action={text.dialog.delete} danger doing={remove} onClose={dialog.close}>
          <Text>{t.deleteBody}</Text>
        </Confirm>
      )}
    </Panel>
  )
}
