import { Button, Group, NativeSelect, Table, Text } from "@mantine/core"
import { IconKey } from "@tabler/icons-react"
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query"
import { useState } from "react"
import { bodyOf, registry } from "../api/client.ts"
import { Ago } from "../display/Ago.tsx"
import { Answered } from "../display/Answered.tsx"
import { Confirm } from "../display/Confirm.tsx"
import { EmptyState } from "../display/EmptyState.tsx"
import { Panel } from "../display/Panel.tsx"
import { fullTime } from "../display/times.ts"
import { WideTable } from "../display/WideTable.tsx"
import { TextField } from "../display/TextField.tsx"
import { useLocale, useText } from "../language/Language.tsx"
import { type ApiKey, grantsText, keysKey, keysQuery } from "./accessQueries.ts"
import { firstDraft, GrantFields, grantsOf } from "./GrantFields.tsx"
import { ShownOnce } from "./ShownOnce.tsx"

type Doing = { readonly what: "add" } | { readonly what: "rotate" | "revoke"; readonly key: ApiKey } | undefined

/** The API keys: made, rotated, revoked. */
export const KeyPanel = () => {
  const text = useText()
  const t = text.access
  const keys = useQuery(keysQuery)
  const [doing, setDoing] = useState<Doing>()
  const [secret, setSecret] = useState<string>()
  const done = (made?: string) => {
    setDoing(undefined)
    setSecret(made)
  }
  return (
    <Panel
      title={t.keys}
      actions={
        <Button size="xs" onClick={() => setDoing({ what: "add" })}>
          {t.addKey}
        </Button>
      }
    >
      <Text size="sm" className="quiet" mb="sm">
        {t.keysBody}
      </Text>
      <Answered of={keys}>
        {(found) =>
          found.length === 0 ? (
            <EmptyState icon={<IconKey size={36} stroke={1.4} />} title={t.noKeys}>
              {t.noKeysBody}
            </EmptyState>
          ) : (
            <WideTable label={t.keys} width={720} verticalSpacing="xs">
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>{t.name}</Table.Th>
                  <Table.Th>{t.roles}</Table.Th>
                  <Table.Th>{t.expires}</Table.Th>
                  <Table.Th>{t.used}</Table.Th>
                  <Table.Th />
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {found.map((key) => (
                  <KeyRow key={key.keyId} apiKey={key} onDo={(what) => setDoing({ what, key })} />
                ))}
              </Table.Tbody>
            </WideTable>
          )
        }
      </Answered>
      {doing?.what === "add" && <NewKey onClose={done} />}
      {doing?.what === "rotate" && <RotateKey apiKey={doing.key} onClose={done} />}
      {doing?.what === "revoke" && <RevokeKey apiKey={doing.key} onClose={done} />}
      {secret !== undefined && (
        <ShownOnce title={t.secretTitle} label={t.secret} secret={secret} onClose={() => setSecret(undefined)} />
      )}
    </Panel>
  )
}

const KeyRow = ({ apiKey, onDo }: { readonly apiKey: ApiKey; readonly onDo: (what: "rotate" | "revoke") => void }) => {
  const t = useText().access
  const locale = useLocale()
  const { expiresAt, grants, lastUsedAt, lastUsedFrom, name, secrets } = apiKey
  return (
    <Table.Tr>
      <Table.Td>
        {name}
        {secrets.map(({ prefix }) => (
          <Text key={prefix} size="xs" className="mono quiet">
            {prefix}…
          </Text>
        ))}
      </Table.Td>
      <Table.Td>{grantsText(grants)}</Table.Td>
      <Table.Td>{expiresAt === undefined ? t.never : fullTime(expiresAt, locale)}</Table.Td>
      <Table.Td>
        {lastUsedAt === undefined ? t.unused : <Ago at={lastUsedAt} />}
        {lastUsedFrom && (
          <Text size="xs" className="mono quiet">
            {t.from} {lastUsedFrom}
          </Text>
        )}
      </Table.Td>
      <Table.Td>
        <Group gap="xs" justify="flex-end" wrap="nowrap">
          <Button size="xs" variant="default" onClick={() => onDo("rotate")} aria-label={`${t.rotate} ${name}`}>
            {t.rotate}
          </Button>
          <Button
            size="xs"
            variant="subtle"
            color="red"
            onClick={() => onDo("revoke")}
            aria-label={`${t.revoke} ${name}`}
          >
            {t.revoke}
          </Button>
        </Group>
      </Table.Td>
    </Table.Tr>
  )
}

type Close = (secret?: string) => void

const NewKey = ({ onClose }: { readonly onClose: Close }) => {
  const t = useText().access
  const client = useQueryClient()
  const [name, setName] = useState("")
  const [days, setDays] = useState<keyof typeof t.days>("90")
  const [draft, setDraft] = useState(firstDraft)
  const create = useMutation({
    mutationFn: () => {
      const expires = days === "" ? {} : { expiresAt: Date.now() + Number(days) * 86_400_000 }
      return bodyOf(
        registry.POST("/v1/access/keys", { body: { name: name.trim(), grants: grantsOf(draft), ...expires } })
      )
    },
    onSuccess: async ({ secret }) => {
      await client.invalidateQueries({ queryKey: keysKey })
      onClose(secret)
    }
  })
  return (
    <Confirm title={t.addKey} action={t.create} doing={create} onClose={onClose}>
      <TextField label={t.name} value={name} onChange={setName} required focused />
      <GrantFields draft={draft} onChange={setDraft} />
      <NativeSelect
        label={t.expiresIn}
        value={days}
        onChange={(event) => setDays(event.currentTarget.value as keyof typeof t.days)}
        data={(["30", "90", "365", ""] as const).map((value) => ({ value, label: t.days[value] }))}
      />
    </Confirm>
  )
}

const RotateKey = ({ apiKey: { keyId }, onClose }: { readonly apiKey: ApiKey; readonly onClose: Close }) => {
  const t = useText().access
  const client = useQueryClient()
  const rotate = useMutation({
    mutationFn: () =>
      bodyOf(registry.POST("/v1/access/keys/{keyId}:rotate", { params: { path: { keyId } }, body: {} })),
    onSuccess: async ({ secret }) => {
      await client.invalidateQueries({ queryKey: keysKey })
      onClose(secret)
    }
  })
  return (
    <Confirm title={t.rotateTitle} action={t.rotate} doing={rotate} onClose={onClose}>
      <Text>{t.rotateBody}</Text>
    </Confirm>
  )
}

const RevokeKey = ({ apiKey: { keyId }, onClose }: { readonly apiKey: ApiKey; readonly onClose: Close }) => {
  const t = useText().access
  const client = useQueryClient()
  const revoke = useMutation({
    mutationFn: () => registry.DELETE("/v1/access/keys/{keyId}", { params: { path: { keyId } } }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: keysKey })
      onClose()
    }
  })
  return (
    <Confirm title={t.revokeTitle} action={t.revoke} danger doing={revoke} onClose={onClose}>
      <Text>{t.revokeBody}</Text>
    </Confirm>
  )
}
