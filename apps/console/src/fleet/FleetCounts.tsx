import { Skeleton, UnstyledButton } from "@mantine/core"
import type { components } from "../../generated/registry.d.ts"
import { count } from "../display/numbers.ts"
import { deviceStatuses, StatusMark } from "../display/StatusMark.tsx"
import { useLocale, useText } from "../language/Language.tsx"
import classes from "./FleetCounts.module.css"
import { countsOf } from "./fleetQueries.ts"
import type { FleetSearch } from "./fleetSearch.ts"

/** How many devices there are in each state; each count leads to its devices. */
export const FleetCounts = ({
  counts,
  onChange,
  search
}: {
  readonly counts: components["schemas"]["DeviceCounts"] | undefined
  readonly search: FleetSearch
  readonly onChange: (search: FleetSearch) => void
}) => {
  const t = useText().fleet
  const locale = useLocale()
  const shown = search.product === undefined ? counts : countsOf(counts, search.product)
  const { status: _, ...others } = search
  const number = (value: number | undefined) =>
    value !== undefined ? count(value, locale) : counts === undefined ? <Skeleton width={44} height={26} mt={4} /> : "–"
  return (
    <div className={classes.counts}>
      <UnstyledButton
        className={classes.count}
        aria-pressed={search.status === undefined}
        onClick={() => onChange(others)}
      >
        <span className={classes.name}>{t.all}</span>
        <span className={classes.number}>{number(shown?.total)}</span>
      </UnstyledButton>
      {deviceStatuses.map((status) => (
        <UnstyledButton
          key={status}
          className={classes.count}
          aria-pressed={search.status === status}
          onClick={() => onChange(search.status === status ? others : { ...search, status })}
        >
          <span className={classes.name}>
            <StatusMark status={status} />
          </span>
          <span className={classes.number}>{number(shown?.byStatus[status])}</span>
        </UnstyledButton>
      ))}
    </div>
  )
}
