import { createTheme, type MantineColorsTuple } from "@mantine/core"

/** The green of still water at night; white on shades 6 and 7 has a contrast above 4.5. */
const roost: MantineColorsTuple = [
  "#e8f6f6",
  "#d0eaea",
  "#9fd5d5",
  "#6cbfc0",
  "#45adae",
  "#259496",
  "#16807f",
  "#0f6e72",
  "#0a5a5e",
  "#04464a"
]

/** From near black, a little blue, to the text of dark pages. */
const dark: MantineColorsTuple = [
  "#d5dade",
  "#b3bac1",
  "#939ca5",
  "#66707a",
  "#3b444d",
  "#2a323a",
  "#20272e",
  "#171d23",
  "#11161b",
  "#0b0f13"
]

const systemFonts =
  'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", sans-serif'

export const theme = createTheme({
  primaryColor: "roost",
  primaryShade: { light: 7, dark: 6 },
  colors: { roost, dark },
  fontFamily: systemFonts,
  fontFamilyMonospace:
    'ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", "Liberation Mono", monospace',
  defaultRadius: "md",
  cursorType: "pointer",
  headings: { fontWeight: "650" },
  respectReducedMotion: true,
  components: {
    // A span may have a name only with a role.
    Loader: { defaultProps: { role: "status" } },
    Button: { defaultProps: { size: "sm" } },
    Modal: { defaultProps: { centered: true, overlayProps: { backgroundOpacity: 0.4 } } },
    Tooltip: { defaultProps: { withArrow: true, openDelay: 300 } }
  }
})
