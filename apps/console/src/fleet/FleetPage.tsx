import { Button } from "@mantine/core"
import { IconPlus, IconUpload } from "@tabler/icons-react"
import { useInfiniteQuery, useQuery } from "@tanstack/react-query"
import { useNavigate, useSearch } from "@tanstack/react-router"
import { lazy, Suspense, useState } from "react"
import { FaultPanel } from "../display/FaultPanel.tsx"
import { rate } from "../display/numbers.ts"
import { PageHeader } from "../display/PageHeader.tsx"
import { useLocale, useText } from "../language/Language.tsx"
import { DeleteDevice } from "./DeleteDevice.tsx"
import { FleetCounts } from "./FleetCounts.tsx"
import { FleetFilters } from "./FleetFilters.tsx"
import { FleetTable } from "./FleetTable.tsx"
import { devicesQuery, type DeviceSummary, summaryQuery } from "./fleetQueries.ts"
import { type FleetSearch, isFiltered } from "./fleetSearch.ts"
import { useLivePresence } from "./livePresence.ts"
import { NoDevices } from "./NoDevices.tsx"

// Dialogs come when they are opened.
const NewProduct = lazy(() => import("./NewProduct.tsx").then((module) => ({ default: module.NewProduct })))
const NewDevice = lazy(() => import("./NewDevice.tsx").then((module) => ({ default: module.NewDevice })))
const ImportDevices = lazy(() => import("./ImportDevices.tsx").then((module) => ({ default: module.ImportDevices })))

/** All devices of all products: find one, see who is there, register more. */
export const FleetPage = () => {
  const t = useText().fleet
  const locale = useLocale()
  const search = useSearch({ from: "/inside/devices" })
  const navigate = useNavigate()
  const change = (changed: FleetSearch) => void navigate({ to: "/devices", search: changed, replace: true })
  const devices = useInfiniteQuery(devicesQuery(search))
  const summary = useQuery(summaryQuery)
  const [dialog, setDialog] = useState<"product" | "device" | "import">()
  const [madeProduct, setMadeProduct] = useState<string>()
  const [deleted, setDeleted] = useState<DeviceSummary>()
  useLivePresence()
  const close = () => setDialog(undefined)
  const rates = summary.data?.rates
  return (
    <>
      <title>{`${t.title} · Roost`}</title>
      <PageHeader
        title={t.title}
        lead={rates && t.rates(rate(rates.uplinksPerSecond, locale), rate(rates.handshakesPerSecond, locale))}
        actions={
          <>
            <Button variant="default" onClick={() => setDialog("product")}>
              {t.newProduct}
            </Button>
            <Button variant="default" leftSection={<IconUpload size={16} />} onClick={() => setDialog("import")}>
              {t.import}
            </Button>
            <Button leftSection={<IconPlus size={16} />} onClick={() => setDialog("device")}>
              {t.addDevice}
            </Button>
          </>
        }
      />
      <FleetCounts counts={summary.data?.devices} search={search} onChange={change} />
      <FleetFilters search={search} total={devices.data?.pages[0]?.total} onChange={change} />
      {devices.isError ? (
        <FaultPanel error={devices.error} again={() => void devices.refetch()} />
      ) : (
        <FleetTable
          list={devices}
          sort={search.sort}
          onSort={(sort) => change({ ...search, sort })}
          onDelete={setDeleted}
          empty={
            <NoDevices
              filtered={isFiltered(search)}
              onClear={() => change({})}
              onNewProduct={() => setDialog("product")}
              onNewDevice={() => setDialog("device")}
            />
          }
        />
      )}
      {deleted && <DeleteDevice device={deleted} onClose={() => setDeleted(undefined)} />}
      <Suspense>
        {dialog === "product" && (
          <NewProduct
            onClose={close}
            onDone={(productKey) => {
              setMadeProduct(productKey)
              setDialog("device")
            }}
          />
        )}
        {dialog === "device" && (
          <NewDevice
            productKey={madeProduct ?? search.product}
            onClose={close}
            onNewProduct={() => setDialog("product")}
          />
        )}
        {dialog === "import" && <ImportDevices productKey={search.product} onClose={close} />}
      </Suspense>
    </>
  )
}
