import { Button, Group, Loader, Stack, Text } from "@mantine/core"
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query"
import { useState } from "react"
import { bodyOf, registry } from "../api/client.ts"
import { FaultPanel } from "../display/FaultPanel.tsx"
import { Fault } from "../display/Fault.tsx"
import { Panel } from "../display/Panel.tsx"
import { fullTime } from "../display/times.ts"
import { Tag } from "../display/Tag.tsx"
import { useLocale, useText } from "../language/Language.tsx"
import { CodeEditor } from "./CodeEditor.tsx"
import { productKeyOf, type ProductScript, type ShownProduct, scriptQuery } from "./productQueries.ts"
import { ScriptTest } from "./ScriptTest.tsx"
import classes from "./ScriptTab.module.css"
import { scriptTemplate } from "./scriptTemplate.ts"

/** The script that makes messages of a device's bytes: a draft that is tried, and versions, one of which converts. */
export const ScriptTab = ({ product: { productKey } }: { readonly product: ShownProduct }) => {
  const text = useText()
  const script = useQuery(scriptQuery(productKey))
  if (script.isError) return <FaultPanel error={script.error} again={() => void script.refetch()} />
  if (script.data === undefined) return <Loader aria-label={text.app.loading} />
  return <ScriptEditor productKey={productKey} script={script.data} />
}

const ScriptEditor = ({ productKey, script }: { readonly productKey: string; readonly script: ProductScript }) => {
  const text = useText()
  const t = text.script
  const client = useQueryClient()
  const stored = script.draft?.source ?? script.published?.source ?? scriptTemplate
  const [source, setSource] = useState(stored)
  const path = { productKey }
  const keep = (next: ProductScript) => client.setQueryData(productKeyOf(productKey, "script"), next)
  const save = useMutation({
    mutationFn: () => bodyOf(registry.PUT("/v1/products/{productKey}/script", { params: { path }, body: { source } })),
    onSuccess: keep
  })
  const publish = useMutation({
    mutationFn: (version: number | undefined) =>
      bodyOf(
        registry.POST("/v1/products/{productKey}/script:publish", {
          params: { path },
          body: version === undefined ? {} : { version }
        })
      ),
    onSuccess: (next) => {
      keep(next)
      setSource(next.draft?.source ?? next.published?.source ?? source)
    }
  })
  const unsaved = source !== script.draft?.source
  const error = save.error ?? publish.error
  return (
    <div className={classes.columns}>
      <Stack>
        <Group justify="space-between">
          <Group gap="xs">
            <Text fw={600}>{t.draft}</Text>
            {script.draft !== undefined && (
              <Tag tone={unsaved ? "odd" : script.draft.tested ? "good" : "plain"}>
                {unsaved ? t.unsaved : script.draft.tested ? t.tested : t.untested}
              </Tag>
            )}
          </Group>
          <Group gap="xs">
            <Button variant="default" loading={save.isPending} disabled={!unsaved} onClick={() => save.mutate()}>
              {t.save}
            </Button>
            <Button
              loading={publish.isPending}
              disabled={unsaved || script.draft?.tested !== true}
              onClick={() => publish.mutate(undefined)}
            >
              {t.publish}
            </Button>
          </Group>
        </Group>
        <CodeEditor label={t.draft} language="javascript" value={source} onChange={setSource} />
        <Fault of={error} />
        <Text size="sm" className="quiet">
          {t.lead}
        </Text>
      </Stack>
      <Stack>
        <ScriptTest productKey={productKey} save={unsaved ? () => save.mutateAsync() : undefined} />
        <Versions script={script} pending={publish.isPending} onPublish={(version) => publish.mutate(version)} />
      </Stack>
    </div>
  )
}

const Versions = ({
  onPublish,
  pending,
  script
}: {
  readonly script: ProductScript
  readonly pending: boolean
  readonly onPublish: (version: number) => void
}) => {
  const t = useText().script
  const locale = useLocale()
  return (
    <Panel title={t.versions}>
      {script.versions.length === 0 ? (
        <Text size="sm" className="quiet">
          {t.noVersions}
        </Text>
      ) : (
        <ul className={classes.versions}>
          {script.versions.toReversed().map(({ current, publishedAt, version }) => (
            <li key={version}>
              <div>
                <Text fw={600}>{t.version(version)}</Text>
                <Text size="xs" className="quiet">
                  {fullTime(publishedAt, locale)}
                </Text>
              </div>
              {current ? (
                <Tag tone="good">{t.current}</Tag>
              ) : (
                <Button size="xs" variant="default" loading={pending} onClick={() => onPublish(version)}>
                  {t.rollBack}
                </Button>
              )}
            </li>
          ))}
        </ul>
      )}
    </Panel>
  )
}
