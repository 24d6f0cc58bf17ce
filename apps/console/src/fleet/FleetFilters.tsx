import { Button, CloseButton, Select, Text, TextInput } from "@mantine/core"
import { useDebouncedCallback } from "@mantine/hooks"
import { IconSearch } from "@tabler/icons-react"
import { useQuery } from "@tanstack/react-query"
import { useEffect, useState } from "react"
import { count } from "../display/numbers.ts"
import { useLocale, useText } from "../language/Language.tsx"
import classes from "./FleetFilters.module.css"
import { productsQuery } from "./fleetQueries.ts"
import { type FleetSearch, isFiltered, type Silence, silences } from "./fleetSearch.ts"

/** A letter that follows within this time is searched for together with the one before. Milliseconds. */
const typingMillis = 120

export const FleetFilters = ({
  onChange,
  search,
  total
}: {
  readonly search: FleetSearch
  readonly total: string | undefined
  readonly onChange: (search: FleetSearch) => void
}) => {
  const t = useText().fleet
  const locale = useLocale()
  const products = useQuery(productsQuery)
  const set = (name: keyof FleetSearch, value: string | null) => {
    const { [name]: _, ...others } = search
    onChange(value === null || value === "" ? others : ({ ...others, [name]: value } as FleetSearch))
  }
  return (
    <div className={classes.filters}>
      <TypedFilter
        className={classes.search!}
        label={t.search}
        placeholder={t.searchHint}
        icon
        value={search.q ?? ""}
        onChange={(value) => set("q", value)}
      />
      <Select
        label={t.product}
        placeholder={t.anyProduct}
        data={(products.data ?? []).map(({ productKey, productName }) => ({ value: productKey, label: productName }))}
        value={search.product ?? null}
        onChange={(value) => set("product", value)}
        searchable
        clearable
      />
      <TypedFilter
        label={t.tag}
        placeholder={t.tagHint}
        value={search.tag ?? ""}
        onChange={(value) => set("tag", value)}
      />
      <Select
        label={t.silent}
        placeholder={t.anySilence}
        data={silences.map((value) => ({ value, label: t.silences[value] }))}
        value={search.silent ?? null}
        onChange={(value) => set("silent", value as Silence | null)}
        clearable
      />
      <div className={classes.found}>
        {/* A person who does not see the list hears how long it is. */}
        <Text size="sm" className="quiet" role="status">
          {total !== undefined &&
            t.devices(total.endsWith("+") ? `${count(parseInt(total, 10), locale)}+` : count(Number(total), locale))}
        </Text>
        {isFiltered(search) && (
          <Button variant="subtle" size="compact-sm" onClick={() => onChange(search.sort ? { sort: search.sort } : {})}>
            {t.clear}
          </Button>
        )}
      </div>
    </div>
  )
}

const TypedFilter = ({
  className,
  icon = false,
  label,
  onChange,
  placeholder,
  value
}: {
  readonly className?: string
  readonly icon?: boolean
  readonly label: string
  readonly placeholder: string
  readonly value: string
  readonly onChange: (value: string) => void
}) => {
  const t = useText().fleet
  const [typed, setTyped] = useState(value)
  const tell = useDebouncedCallback(onChange, typingMillis)
  // The address changes by other means, too: the back button, "Clear".
  useEffect(() => setTyped(value), [value])
  return (
    <TextInput
      {...(className === undefined ? {} : { className })}
      label={label}
      placeholder={placeholder}
      leftSection={icon ? <IconSearch size={16} /> : undefined}
      value={typed}
      onChange={(event) => {
        setTyped(event.currentTarget.value)
        tell(event.currentTarget.value.trim())
      }}
      maxLength={100}
      autoComplete="off"
      spellCheck={false}
      rightSection={
        typed === "" ? undefined : (
          <CloseButton
            size="sm"
            aria-label={`${t.clear}: ${label}`}
            onClick={() => {
              setTyped("")
              onChange("")
            }}
          />
        )
      }
    />
  )
}
