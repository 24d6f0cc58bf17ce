import { Checkbox, Group, NativeSelect } from "@mantine/core"
import { useQuery } from "@tanstack/react-query"
import { productsQuery } from "./fleetQueries.ts"

/** The events that a receiver hears of; no `productKey` means all products. */
export interface EventDraft<Kind extends string> {
  readonly kinds: ReadonlyArray<Kind>
  readonly productKey: string
}

/** Which events a webhook or a sink gets. */
export const EventFields = <Kind extends "uplink" | "presence" | "command" | "log">({
  draft,
  kinds,
  onChange,
  words
}: {
  readonly draft: EventDraft<Kind>
  readonly onChange: (draft: EventDraft<Kind>) => void
  /** That may be chosen. */
  readonly kinds: ReadonlyArray<Kind>
  readonly words: Readonly<Record<"kinds" | "of" | "all", string>> & {
    readonly kindNames: Readonly<Record<Kind, string>>
  }
}) => {
  const products = useQuery(productsQuery).data ?? []
  return (
    <>
      <Checkbox.Group
        label={words.kinds}
        value={[...draft.kinds]}
        onChange={(chosen) => onChange({ ...draft, kinds: chosen as Array<Kind> })}
      >
        <Group mt={6}>
          {kinds.map((kind) => (
            <Checkbox key={kind} value={kind} label={words.kindNames[kind]} />
          ))}
        </Group>
      </Checkbox.Group>
      <NativeSelect
        label={words.of}
        value={draft.productKey}
        onChange={(event) => onChange({ ...draft, productKey: event.currentTarget.value })}
        data={[
          { value: "", label: words.all },
          ...products.map(({ productKey, productName }) => ({ value: productKey, label: productName }))
        ]}
      />
    </>
  )
}

/** The draft as a request has it. */
export const eventsOf = <Kind extends string>({ kinds, productKey }: EventDraft<Kind>) => ({
  kinds: [...kinds],
  ...(productKey === "" ? {} : { productKey })
})
