import { deviceStatuses, type DeviceStatus } from "../display/StatusMark.tsx"

export const fleetSorts = ["deviceKey", "-deviceKey", "lastSeen", "-lastSeen"] as const
export type FleetSort = (typeof fleetSorts)[number]

export const silences = ["15m", "1h", "24h", "7d", "30d"] as const
export type Silence = (typeof silences)[number]

/** The list's filters and order, as the address has them: a link leads others to the same devices. */
export interface FleetSearch {
  readonly q?: string
  readonly product?: string
  readonly status?: DeviceStatus
  readonly tag?: string
  readonly silent?: Silence
  readonly sort?: FleetSort
}

const oneOf = <const A extends string>(values: ReadonlyArray<A>, value: unknown): A | undefined =>
  values.find((each) => each === value)

/** A text of an address; a number is one that was written without quotes. */
const textOf = (value: unknown): string | undefined =>
  value === undefined || value === null || value === "" ? undefined : String(value).slice(0, 100)

export const fleetSearch = (search: Readonly<Record<string, unknown>>): FleetSearch =>
  withoutEmpty({
    q: textOf(search["q"]),
    product: textOf(search["product"]),
    status: oneOf(deviceStatuses, search["status"]),
    tag: textOf(search["tag"]),
    silent: oneOf(silences, search["silent"]),
    sort: oneOf(fleetSorts, search["sort"])
  })

type Optional<A> = { readonly [K in keyof A]: A[K] | undefined }

const withoutEmpty = (search: Optional<Required<FleetSearch>>): FleetSearch =>
  Object.fromEntries(Object.entries(search).filter(([, value]) => value !== undefined))

/** Whether something of it leaves devices out. */
export const isFiltered = (search: FleetSearch): boolean => Object.keys(search).some((name) => name !== "sort")
