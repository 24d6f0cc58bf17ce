import { Button, Table } from "@mantine/core"
import { useDisclosure } from "@mantine/hooks"
import { IconBox, IconPlus } from "@tabler/icons-react"
import { useQuery } from "@tanstack/react-query"
import { lazy, Suspense } from "react"
import { Answered } from "../display/Answered.tsx"
import { EmptyState } from "../display/EmptyState.tsx"
import { count } from "../display/numbers.ts"
import { PageHeader } from "../display/PageHeader.tsx"
import { PageLink } from "../display/PageLink.tsx"
import { Tag } from "../display/Tag.tsx"
import { WideTable } from "../display/WideTable.tsx"
import { countsOf, productsQuery, summaryQuery } from "../fleet/fleetQueries.ts"
import { useLocale, useText } from "../language/Language.tsx"

const NewProduct = lazy(() => import("../fleet/NewProduct.tsx").then((module) => ({ default: module.NewProduct })))

/** All kinds of devices, with how many there are of each. */
export const ProductsPage = () => {
  const text = useText()
  const t = text.products
  const locale = useLocale()
  const products = useQuery(productsQuery)
  const summary = useQuery(summaryQuery)
  const [open, dialog] = useDisclosure()
  const shown = (value: number | undefined) => (value === undefined ? "–" : count(value, locale))
  return (
    <>
      <title>{`${t.title} · Roost`}</title>
      <PageHeader
        title={t.title}
        lead={t.lead}
        actions={
          <Button leftSection={<IconPlus size={16} />} onClick={dialog.open}>
            {text.fleet.newProduct}
          </Button>
        }
      />
      <Answered of={products}>
        {(found) =>
          found.length === 0 ? (
            <div className="panel">
              <EmptyState
                icon={<IconBox size={36} stroke={1.4} />}
                title={t.none}
                action={<Button onClick={dialog.open}>{text.fleet.newProduct}</Button>}
              >
                {t.noneBody}
              </EmptyState>
            </div>
          ) : (
            <div className="panel">
              <WideTable label={t.title} width={560} verticalSpacing="sm" horizontalSpacing="md" highlightOnHover>
                <Table.Thead>
                  <Table.Tr>
                    <Table.Th>{t.name}</Table.Th>
                    <Table.Th>{t.key}</Table.Th>
                    <Table.Th>{t.format}</Table.Th>
                    <Table.Th>{t.model}</Table.Th>
                    <Table.Th ta="right">{t.online}</Table.Th>
                    <Table.Th ta="right">{t.devices}</Table.Th>
                  </Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {found.map(({ dataFormat, deletingSince, modelId, productKey, productName }) => (
                    <Table.Tr key={productKey}>
                      <Table.Td>
                        <PageLink to="/products/$productKey" params={{ productKey }} c="inherit" fw={600} fz="sm">
                          {productName}
                        </PageLink>
                        {deletingSince !== undefined && <Tag tone="bad">{t.deleting}</Tag>}
                      </Table.Td>
                      <Table.Td className="mono">{productKey}</Table.Td>
                      <Table.Td>{dataFormat === "Json" ? "JSON" : t.custom}</Table.Td>
                      <Table.Td className={modelId === undefined ? "quiet" : "mono"}>{modelId ?? t.noModel}</Table.Td>
                      <Table.Td ta="right">
                        {shown(countsOf(summary.data?.devices, productKey)?.byStatus.online)}
                      </Table.Td>
                      <Table.Td ta="right">
                        <PageLink to="/devices" search={{ product: productKey }} fz="sm">
                          {shown(countsOf(summary.data?.devices, productKey)?.total)}
                        </PageLink>
                      </Table.Td>
                    </Table.Tr>
                  ))}
                </Table.Tbody>
              </WideTable>
            </div>
          )
        }
      </Answered>
      <Suspense>{open && <NewProduct onClose={dialog.close} />}</Suspense>
    </>
  )
}
