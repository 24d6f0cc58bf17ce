export const productTabs = ["overview", "model", "script"] as const
export type ProductTab = (typeof productTabs)[number]

export const productSearch = (search: Readonly<Record<string, unknown>>): { readonly tab?: ProductTab } => {
  const tab = productTabs.find((each) => each === search["tab"])
  return tab === undefined ? {} : { tab }
}
