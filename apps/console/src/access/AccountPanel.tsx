import { Button, Group, Table, Text } from "@mantine/core"
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query"
import { useState } from "react"
import { bodyOf, registry } from "../api/client.ts"
import { Answered } from "../display/Answered.tsx"
import { Confirm } from "../display/Confirm.tsx"
import { Fault } from "../display/Fault.tsx"
import { Panel } from "../display/Panel.tsx"
import { fullTime } from "../display/times.ts"
import { WideTable } from "../display/WideTable.tsx"
import { TextField } from "../display/TextField.tsx"
import { useLocale, useText } from "../language/Language.tsx"
import { type Account, accountsKey, accountsQuery, grantsText } from "./accessQueries.ts"
import { firstDraft, GrantFields, grantsOf } from "./GrantFields.tsx"
import { ShownOnce } from "./ShownOnce.tsx"

type Doing = { readonly what: "add" } | { readonly what: "reset" | "remove"; readonly account: Account } | undefined
type Close = (password?: string) => void

/** Roost's own accounts. */
export const AccountPanel = () => {
  const text = useText()
  const t = text.access
  const locale = useLocale()
  const client = useQueryClient()
  const accounts = useQuery(accountsQuery)
  const [doing, setDoing] = useState<Doing>()
  const [password, setPassword] = useState<string>()
  const enable = useMutation({
    mutationFn: ({ enabled, name }: Account) =>
      bodyOf(registry.PATCH("/v1/access/accounts/{name}", { params: { path: { name } }, body: { enabled: !enabled } })),
    onSuccess: () => client.invalidateQueries({ queryKey: accountsKey })
  })
  const done = (made?: string) => {
    setDoing(undefined)
    setPassword(made)
    void client.invalidateQueries({ queryKey: accountsKey })
  }
  return (
    <Panel
      title={t.accounts}
      actions={
        <Button size="xs" onClick={() => setDoing({ what: "add" })}>
          {t.addAccount}
        </Button>
      }
    >
      <Text size="sm" className="quiet" mb="sm">
        {t.accountsBody}
      </Text>
      <Fault apart of={enable.error} />
      <Answered of={accounts}>
        {(found) => (
          <WideTable label={t.accounts} width={720} verticalSpacing="xs">
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{t.login}</Table.Th>
                <Table.Th>{t.roles}</Table.Th>
                <Table.Th>{t.passwordSet}</Table.Th>
                <Table.Th />
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {found.map((account) => (
                <Table.Tr key={account.name}>
                  <Table.Td>
                    {account.name}
                    {!account.enabled && (
                      <Text size="xs" className="quiet">
                        {t.disabled}
                      </Text>
                    )}
                  </Table.Td>
                  <Table.Td>{grantsText(account.grants)}</Table.Td>
                  <Table.Td>{fullTime(account.passwordSetAt, locale)}</Table.Td>
                  <Table.Td>
                    <Group gap="xs" justify="flex-end" wrap="nowrap">
                      <Button size="xs" variant="default" onClick={() => setDoing({ what: "reset", account })}>
                        {t.reset}
                      </Button>
                      <Button size="xs" variant="default" onClick={() => enable.mutate(account)}>
                        {account.enabled ? t.disable : t.enable}
                      </Button>
                      <Button
                        size="xs"
                        variant="subtle"
                        color="red"
                        onClick={() => setDoing({ what: "remove", account })}
                        aria-label={`${t.remove} ${account.name}`}
                      >
                        {t.remove}
                      </Button>
                    </Group>
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </WideTable>
        )}
      </Answered>
      {doing?.what === "add" && <NewAccount onClose={done} />}
      {doing?.what === "reset" && <ResetPassword account={doing.account} onClose={done} />}
      {doing?.what === "remove" && <RemoveAccount account={doing.account} onClose={done} />}
      {password !== undefined && (
        <ShownOnce
          title={t.passwordTitle}
          label={t.password}
          secret={password}
          onClose={() => setPassword(undefined)}
        />
      )}
    </Panel>
  )
}

const NewAccount = ({ onClose }: { readonly onClose: Close }) => {
  const t = useText().access
  const [name, setName] = useState("")
  const [draft, setDraft] = useState(firstDraft)
  const create = useMutation({
    mutationFn: () =>
      bodyOf(registry.POST("/v1/access/accounts", { body: { name: name.trim(), grants: grantsOf(draft) } })),
    onSuccess: ({ password }) => onClose(password)
  })
  return (
    <Confirm title={t.addAccount} action={t.create} doing={create} onClose={onClose}>
      <TextField label={t.login} value={name} onChange={setName} required focused technical />
      <GrantFields draft={draft} onChange={setDraft} />
    </Confirm>
  )
}

const ResetPassword = ({ account: { name }, onClose }: { readonly account: Account; readonly onClose: Close }) => {
  const t = useText().access
  const reset = useMutation({
    mutationFn: () =>
      bodyOf(registry.POST("/v1/access/accounts/{name}:reset-password", { params: { path: { name } }, body: {} })),
    onSuccess: ({ password }) => onClose(password)
  })
  return (
    <Confirm title={t.resetTitle} action={t.reset} doing={reset} onClose={onClose}>
      <Text>{t.resetBody}</Text>
    </Confirm>
  )
}

const RemoveAccount = ({ account: { name }, onClose }: { readonly account: Account; readonly onClose: Close }) => {
  const t = useText().access
  const remove = useMutation({
    mutationFn: () => registry.DELETE("/v1/access/accounts/{name}", { params: { path: { name } } }),
    onSuccess: () => onClose()
  })
  return (
    <Confirm title={t.removeTitle} action={t.remove} danger doing={remove} onClose={onClose}>
      <Text>{t.removeBody}</Text>
    </Confirm>
  )
}
