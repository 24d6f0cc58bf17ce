export const deviceTabs = ["overview", "commands", "log", "uplinks", "why"] as const
export type DeviceTab = (typeof deviceTabs)[number]

export const deviceSearch = (search: Readonly<Record<string, unknown>>): { readonly tab?: DeviceTab } => {
  const tab = deviceTabs.find((each) => each === search["tab"])
  return tab === undefined ? {} : { tab }
}
