import { Anchor, Button, Select, Table, Text } from "@mantine/core"
import { useDebouncedValue } from "@mantine/hooks"
import { IconMoodCheck, IconSearch } from "@tabler/icons-react"
import { infiniteQueryOptions, useInfiniteQuery } from "@tanstack/react-query"
import { useState } from "react"
import type { components } from "../../generated/registry.d.ts"
import { bodyOf, registry } from "../api/client.ts"
import { Answered } from "../display/Answered.tsx"
import { EmptyState } from "../display/EmptyState.tsx"
import { Filters } from "../display/Filters.tsx"
import { PageHeader } from "../display/PageHeader.tsx"
import { RowTime } from "../display/RowTime.tsx"
import { WideTable } from "../display/WideTable.tsx"
import { TextField } from "../display/TextField.tsx"
import { useText } from "../language/Language.tsx"
import classes from "./StrangersPage.module.css"
import { type StrangerKind, strangerKinds } from "./strangerKinds.ts"

interface Filter {
  readonly address: string
  readonly identity: string
  readonly kind: StrangerKind | null
}

const strangersQuery = ({ address, identity, kind }: Filter) =>
  infiniteQueryOptions({
    queryKey: ["strangers", { address, identity, kind }],
    queryFn: ({ pageParam, signal }) =>
      bodyOf(
        registry.GET("/v1/strangers", {
          params: {
            query: {
              limit: 100,
              ...(address === "" ? {} : { address }),
              ...(identity === "" ? {} : { identity }),
              ...(kind === null ? {} : { kind }),
              ...(pageParam === "" ? {} : { cursor: pageParam })
            }
          },
          signal
        })
      ),
    initialPageParam: "",
    getNextPageParam: ({ nextCursor }) => nextCursor,
    refetchInterval: ({ state }) => ((state.data?.pages.length ?? 0) <= 1 ? 2_000 : false)
  })

/** Clients that were refused without naming a registered device, and why. */
export const StrangersPage = () => {
  const text = useText()
  const t = text.strangers
  const [address, setAddress] = useState("")
  const [identity, setIdentity] = useState("")
  const [kind, setKind] = useState<StrangerKind | null>(null)
  const [filter] = useDebouncedValue({ address: address.trim(), identity: identity.trim(), kind }, 200)
  const list = useInfiniteQuery(strangersQuery(filter))
  const strangers = list.data?.pages.flatMap((page) => page.strangers) ?? []
  const filtered = filter.address !== "" || filter.identity !== "" || filter.kind !== null
  return (
    <>
      <title>{`${t.title} · Roost`}</title>
      <PageHeader title={t.title} lead={t.lead} />
      <Filters>
        <TextField
          label={t.address}
          placeholder="192.0.2.7"
          leftSection={<IconSearch size={16} />}
          value={address}
          onChange={setAddress}
          technical
        />
        <TextField label={t.identity} placeholder={t.identityHint} value={identity} onChange={setIdentity} technical />
        <Select
          label={t.kind}
          placeholder={t.anyKind}
          data={[...strangerKinds]}
          value={kind}
          onChange={(value) => setKind(value as StrangerKind | null)}
          clearable
        />
      </Filters>
      <Answered of={list}>
        {() =>
          strangers.length === 0 ? (
            <div className="panel">
              <EmptyState icon={<IconMoodCheck size={36} stroke={1.4} />} title={filtered ? t.nothingFound : t.none}>
                {filtered ? undefined : t.noneBody}
              </EmptyState>
            </div>
          ) : (
            <div className="panel">
              <WideTable
                label={t.title}
                width={720}
                verticalSpacing="sm"
                horizontalSpacing="md"
                className={classes.table!}
              >
                <Table.Thead>
                  <Table.Tr>
                    <Table.Th>{t.time}</Table.Th>
                    <Table.Th>{t.kind}</Table.Th>
                    <Table.Th>{t.from}</Table.Th>
                    <Table.Th>{t.reason}</Table.Th>
                  </Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {strangers.map((stranger) => (
                    <StrangerRow key={stranger.id} stranger={stranger} />
                  ))}
                </Table.Tbody>
              </WideTable>
              {list.hasNextPage && (
                <div className={classes.more}>
                  <Button variant="subtle" loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
                    {text.device.log.older}
                  </Button>
                </div>
              )}
            </div>
          )
        }
      </Answered>
    </>
  )
}

const StrangerRow = ({ stranger }: { readonly stranger: components["schemas"]["Stranger"] }) => {
  const { address, at, code, identity, kind, link, reason } = stranger
  return (
    <Table.Tr>
      <Table.Td className={classes.time}>
        <RowTime at={at} />
      </Table.Td>
      <Table.Td className={classes.kind}>
        {kind}
        {code !== undefined && link !== undefined && (
          <Anchor href={link} className="mono" size="xs" display="block">
            {code}
          </Anchor>
        )}
      </Table.Td>
      <Table.Td miw={190}>
        <span className="mono">{address}</span>
        {identity !== undefined && (
          <Text size="xs" className="mono quiet" style={{ overflowWrap: "anywhere" }}>
            {identity}
          </Text>
        )}
      </Table.Td>
      <Table.Td className={classes.reason}>{reason}</Table.Td>
    </Table.Tr>
  )
}
