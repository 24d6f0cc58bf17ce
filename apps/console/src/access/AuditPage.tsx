import { Button, Group, Table, Text } from "@mantine/core"
import { useDebouncedValue } from "@mantine/hooks"
import { useInfiniteQuery } from "@tanstack/react-query"
import { useState } from "react"
import { Answered } from "../display/Answered.tsx"
import { EmptyState } from "../display/EmptyState.tsx"
import { Filters } from "../display/Filters.tsx"
import { PageHeader } from "../display/PageHeader.tsx"
import { RowTime } from "../display/RowTime.tsx"
import { WideTable } from "../display/WideTable.tsx"
import { TextField } from "../display/TextField.tsx"
import { useText } from "../language/Language.tsx"
import { type AuditEntry, auditQuery } from "./accessQueries.ts"

/** Changes by an API, with who made them, and what was before and after. */
export const AuditPage = () => {
  const text = useText()
  const t = text.audit
  const [who, setWho] = useState("")
  const [operation, setOperation] = useState("")
  const [productKey, setProduct] = useState("")
  const [filter] = useDebouncedValue(
    { who: who.trim(), operation: operation.trim(), productKey: productKey.trim() },
    200
  )
  const list = useInfiniteQuery(auditQuery(filter))
  const entries = list.data?.pages.flatMap((page) => page.entries) ?? []
  const filtered = Object.values(filter).some((value) => value !== "")
  return (
    <>
      <title>{`${t.title} · Roost`}</title>
      <PageHeader title={t.title} lead={t.lead} />
      <Filters>
        <TextField label={t.who} value={who} onChange={setWho} technical />
        <TextField
          label={t.operation}
          placeholder="changeProduct"
          value={operation}
          onChange={setOperation}
          technical
        />
        <TextField label={t.product} value={productKey} onChange={setProduct} technical />
      </Filters>
      <Answered of={list}>
        {() =>
          entries.length === 0 && !list.hasNextPage ? (
            <div className="panel">
              <EmptyState title={filtered ? t.nothingFound : t.none} />
            </div>
          ) : (
            <div className="panel">
              <WideTable label={t.title} width={760} verticalSpacing="sm" horizontalSpacing="md">
                <Table.Thead>
                  <Table.Tr>
                    <Table.Th>{t.time}</Table.Th>
                    <Table.Th>{t.who}</Table.Th>
                    <Table.Th>{t.operation}</Table.Th>
                    <Table.Th>{t.details}</Table.Th>
                  </Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {entries.map((entry) => (
                    <AuditRow key={entry.id} entry={entry} />
                  ))}
                </Table.Tbody>
              </WideTable>
              {list.hasNextPage && (
                <Group justify="center" p="sm">
                  <Button variant="subtle" loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
                    {t.more}
                  </Button>
                </Group>
              )}
            </div>
          )
        }
      </Answered>
    </>
  )
}

const AuditRow = ({ entry }: { readonly entry: AuditEntry }) => {
  const { after, at, before, from, operation, target, who } = entry
  return (
    <Table.Tr style={{ verticalAlign: "top" }}>
      <Table.Td>
        <RowTime at={at} />
      </Table.Td>
      <Table.Td>
        {who.name}
        <Text size="xs" className="mono quiet">
          {from}
        </Text>
      </Table.Td>
      <Table.Td>
        {operation}
        <Text size="xs" className="mono quiet" style={{ overflowWrap: "anywhere" }}>
          {namesOf(target, after).join(" / ")}
        </Text>
      </Table.Td>
      <Table.Td>
        <Values before={before} after={after} />
      </Table.Td>
    </Table.Tr>
  )
}

/** What was there before a change and what after it; of what was made there is no before, of what was deleted no after. */
const Values = ({ after, before }: Pick<AuditEntry, "after" | "before">) => {
  const t = useText().audit
  if (before === undefined && after === undefined) return <span className="quiet">–</span>
  const both = before !== undefined && after !== undefined
  return (
    <details>
      <summary>{both ? t.both : before === undefined ? t.after : t.before}</summary>
      {before !== undefined && <Json label={both ? t.before : undefined} value={before} />}
      {after !== undefined && <Json label={both ? t.after : undefined} value={after} />}
    </details>
  )
}

/** The object of a change: the request's path has it, and of what was made its own fields. */
const namesOf = (target: AuditEntry["target"], after: unknown): ReadonlyArray<string> => {
  const made = typeof after === "object" && after !== null ? (after as Readonly<Record<string, unknown>>) : {}
  const named = ["productKey", "deviceKey", "modelId", "name"].map((field) => made[field])
  return [...new Set([...Object.values(target), ...named.filter((name) => typeof name === "string")])]
}

const Json = ({ label, value }: { readonly label: string | undefined; readonly value: unknown }) => (
  <>
    {label !== undefined && (
      <Text size="xs" fw={600} mt={4}>
        {label}
      </Text>
    )}
    <pre className="mono" style={{ margin: 0, fontSize: "0.75rem", whiteSpace: "pre-wrap", overflowWrap: "anywhere" }}>
      {JSON.stringify(value, undefined, 2)}
    </pre>
  </>
)
