import { ActionIcon, Menu, Skeleton } from "@mantine/core"
import { IconArrowDown, IconArrowUp, IconDots } from "@tabler/icons-react"
import type { UseInfiniteQueryResult } from "@tanstack/react-query"
import { createColumnHelper, tableFeatures, useTable } from "@tanstack/react-table"
import { useWindowVirtualizer } from "@tanstack/react-virtual"
import { type ReactNode, useEffect, useMemo, useRef } from "react"
import { useText } from "../language/Language.tsx"
import { AddressCell, DeviceCell, ProductCell, SeenCell, TagsCell } from "./FleetCells.tsx"
import type { DeviceSummary } from "./fleetQueries.ts"
import type { FleetSort } from "./fleetSearch.ts"
import classes from "./FleetTable.module.css"
import { StatusMark } from "../display/StatusMark.tsx"

/** Height of a row before it was measured, in pixels. */
const rowHeight = 57
/** Rows beside those that are seen; with them a page of 1 200 pixels has some 45. */
const overscan = 8
/** The next page is asked for when so many rows are left. */
const aheadRows = 60

const features = tableFeatures({})
const helper = createColumnHelper<typeof features, DeviceSummary>()
const none: ReadonlyArray<DeviceSummary> = []

type List = Pick<
  UseInfiniteQueryResult<{
    readonly pages: ReadonlyArray<{ readonly devices: ReadonlyArray<DeviceSummary>; readonly total: string }>
  }>,
  "data" | "fetchNextPage" | "hasNextPage" | "isFetchingNextPage" | "isPending" | "isPlaceholderData"
>

/** The devices that were found; of a hundred thousand, the page has those that are seen. */
export const FleetTable = ({
  empty,
  list,
  onDelete,
  onSort,
  sort = "deviceKey"
}: {
  readonly list: List
  readonly sort: FleetSort | undefined
  readonly onSort: (sort: FleetSort) => void
  readonly onDelete: (device: DeviceSummary) => void
  readonly empty: ReactNode
}) => {
  const t = useText().fleet
  const devices = useMemo(() => list.data?.pages.flatMap((page) => page.devices) ?? none, [list.data])
  const columns = useMemo(
    () =>
      helper.columns([
        helper.display({ id: "device", cell: ({ row }) => <DeviceCell device={row.original} /> }),
        helper.display({ id: "status", cell: ({ row }) => <StatusMark status={row.original.status} /> }),
        helper.display({ id: "product", cell: ({ row }) => <ProductCell productKey={row.original.productKey} /> }),
        helper.display({ id: "seen", cell: ({ row }) => <SeenCell at={row.original.lastSeenAt} /> }),
        helper.display({ id: "address", cell: ({ row }) => <AddressCell address={row.original.address} /> }),
        helper.display({ id: "tags", cell: ({ row }) => <TagsCell tags={row.original.tags} /> })
      ]),
    []
  )
  const table = useTable({
    features,
    columns,
    data: devices as Array<DeviceSummary>,
    getRowId: ({ deviceKey, productKey }) => `${productKey} ${deviceKey}`
  })
  const rows = table.getRowModel().rows
  const body = useRef<HTMLDivElement>(null)
  const virtual = useWindowVirtualizer({
    count: rows.length,
    estimateSize: () => rowHeight,
    overscan,
    scrollMargin: body.current?.offsetTop ?? 0,
    getItemKey: (index) => rows[index]!.id
  })
  const items = virtual.getVirtualItems()
  const last = items.at(-1)?.index ?? -1
  const { fetchNextPage, hasNextPage, isFetchingNextPage } = list
  useEffect(() => {
    if (hasNextPage && !isFetchingNextPage && last >= rows.length - aheadRows) void fetchNextPage()
  }, [fetchNextPage, hasNextPage, isFetchingNextPage, last, rows.length])

  if (list.isPending) return <Waiting />
  if (rows.length === 0) return <div className="panel">{empty}</div>
  return (
    <div
      className={`panel ${classes.table}`}
      role="table"
      aria-label={t.list}
      aria-rowcount={hasNextPage ? -1 : rows.length + 1}
      aria-busy={list.isPlaceholderData}
    >
      <div role="rowgroup" className={classes.head}>
        <div role="row" aria-rowindex={1} className={classes.row}>
          <SortHeader name="deviceKey" label={t.columns.device} sort={sort} onSort={onSort} />
          <div role="columnheader">{t.columns.status}</div>
          <div role="columnheader" className={classes.wide}>
            {t.columns.product}
          </div>
          <SortHeader name="lastSeen" label={t.columns.seen} sort={sort} onSort={onSort} />
          <div role="columnheader" className={classes.wide}>
            {t.columns.address}
          </div>
          <div role="columnheader" className={classes.wide}>
            {t.columns.tags}
          </div>
          <div role="columnheader" aria-label={t.delete} />
        </div>
      </div>
      <div role="rowgroup" ref={body} className={classes.body} style={{ height: virtual.getTotalSize() }}>
        {items.map(({ index, key, start }) => {
          const row = rows[index]!
          return (
            <div
              key={key}
              role="row"
              aria-rowindex={index + 2}
              data-index={index}
              ref={virtual.measureElement}
              className={`${classes.row} ${classes.device}`}
              style={{ transform: `translateY(${start - virtual.options.scrollMargin}px)` }}
            >
              {row.getAllCells().map((cell) => (
                <div role="cell" key={cell.id} className={wideColumns.has(cell.column.id) ? classes.wide : undefined}>
                  <table.FlexRender cell={cell} />
                </div>
              ))}
              <div role="cell" className={classes.actions}>
                <RowMenu device={row.original} onDelete={onDelete} />
              </div>
            </div>
          )
        })}
      </div>
      {isFetchingNextPage && (
        <div className={classes.more} role="status">
          {t.loadingMore}
        </div>
      )}
    </div>
  )
}

/** Columns that a narrow page leaves out. */
const wideColumns: ReadonlySet<string> = new Set(["product", "address", "tags"])

const SortHeader = ({
  label,
  name,
  onSort,
  sort
}: {
  readonly name: "deviceKey" | "lastSeen"
  readonly label: string
  readonly sort: FleetSort
  readonly onSort: (sort: FleetSort) => void
}) => {
  const t = useText().fleet
  const direction = sort === name ? "ascending" : sort === `-${name}` ? "descending" : "none"
  const next: FleetSort =
    direction === "none" ? (name === "lastSeen" ? "-lastSeen" : name) : direction === "ascending" ? `-${name}` : name
  return (
    <div role="columnheader" aria-sort={direction}>
      <button type="button" className={classes.sort} onClick={() => onSort(next)} title={t.sortBy(label)}>
        {label}
        {direction === "ascending" && <IconArrowUp size={14} aria-hidden />}
        {direction === "descending" && <IconArrowDown size={14} aria-hidden />}
      </button>
    </div>
  )
}

const RowMenu = ({
  device,
  onDelete
}: {
  readonly device: DeviceSummary
  readonly onDelete: (device: DeviceSummary) => void
}) => {
  const t = useText().fleet
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" aria-label={t.actionsOf(device.deviceName)}>
          <IconDots size={17} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item color="red" onClick={() => onDelete(device)}>
          {t.delete}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}

const Waiting = () => (
  <div className="panel" style={{ padding: 16 }}>
    {Array.from({ length: 8 }, (_, index) => (
      <Skeleton key={index} height={28} my={14} />
    ))}
  </div>
)
