import { Button } from "@mantine/core"
import { useDisclosure } from "@mantine/hooks"
import { IconPlus } from "@tabler/icons-react"
import type { UseQueryResult } from "@tanstack/react-query"
import type { ReactNode } from "react"
import { Answered } from "./Answered.tsx"
import { EmptyState } from "./EmptyState.tsx"
import classes from "./ListPage.module.css"
import { PageHeader } from "./PageHeader.tsx"

/** A page of things that are made here, each a panel: what is there, how to make one, and a word where there is none. */
export const ListPage = <A,>({
  children,
  icon,
  items,
  making,
  words
}: {
  readonly items: UseQueryResult<ReadonlyArray<A>>
  readonly words: Readonly<Record<"title" | "lead" | "add" | "none" | "noneBody", string>>
  /** Where there is none. */
  readonly icon: ReactNode
  /** The dialog that makes one. */
  readonly making: (onClose: () => void) => ReactNode
  /** The panel of each. */
  readonly children: (item: A) => ReactNode
}) => {
  const [open, dialog] = useDisclosure()
  return (
    <>
      <title>{`${words.title} · Roost`}</title>
      <PageHeader
        title={words.title}
        lead={words.lead}
        actions={
          <Button leftSection={<IconPlus size={16} />} onClick={dialog.open}>
            {words.add}
          </Button>
        }
      />
      <Answered of={items}>
        {(found) =>
          found.length === 0 ? (
            <div className="panel">
              <EmptyState icon={icon} title={words.none} action={<Button onClick={dialog.open}>{words.add}</Button>}>
                {words.noneBody}
              </EmptyState>
            </div>
          ) : (
            <div className={classes.list}>{found.map(children)}</div>
          )
        }
      </Answered>
      {open && making(dialog.close)}
    </>
  )
}
