import { Table, type TableProps } from "@mantine/core"

/** A table that scrolls to the side where the page is narrower than it; the keyboard can come to it, and scroll it too. */
export const WideTable = ({
  label,
  width,
  ...table
}: TableProps & { readonly label: string; readonly width: number }) => (
  <Table.ScrollContainer
    minWidth={width}
    scrollAreaProps={{
      type: "auto",
      offsetScrollbars: false,
      viewportProps: { tabIndex: 0, role: "region", "aria-label": label }
    }}
  >
    <Table {...table} />
  </Table.ScrollContainer>
)
