import { Loader, Tabs } from "@mantine/core"
import { type ReactNode, Suspense } from "react"
import { useText } from "../language/Language.tsx"

/** The parts of a page, of which one is shown; each is loaded when it is opened. */
export const PageTabs = <Name extends string>({
  children,
  labels,
  names,
  onOpen,
  open
}: {
  readonly names: ReadonlyArray<Name>
  readonly labels: Readonly<Record<Name, string>>
  readonly open: Name
  readonly onOpen: (name: Name) => void
  /** A `Tabs.Panel` for each name. */
  readonly children: ReactNode
}) => {
  const text = useText()
  return (
    <Tabs value={open} keepMounted={false} onChange={(name) => onOpen(name as Name)}>
      <Tabs.List mb="lg">
        {names.map((name) => (
          <Tabs.Tab key={name} value={name}>
            {labels[name]}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      <Suspense fallback={<Loader aria-label={text.app.loading} />}>{children}</Suspense>
    </Tabs>
  )
}
