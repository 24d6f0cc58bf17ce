import { Loader, Tabs } from "@mantine/core"
import { useQuery } from "@tanstack/react-query"
import { useNavigate, useParams, useSearch } from "@tanstack/react-router"
import { lazy } from "react"
import { ApiFault } from "../api/ApiFault.ts"
import { EmptyState } from "../display/EmptyState.tsx"
import { FaultPanel } from "../display/FaultPanel.tsx"
import { PageHeader } from "../display/PageHeader.tsx"
import { PageLink } from "../display/PageLink.tsx"
import { PageTabs } from "../display/PageTabs.tsx"
import { useText } from "../language/Language.tsx"
import { ProductOverview } from "./ProductOverview.tsx"
import { productQuery } from "./productQueries.ts"
import { productTabs } from "./productSearch.ts"

// The editors bring CodeMirror, for those who open them.
const ModelTab = lazy(() => import("./ModelTab.tsx").then((module) => ({ default: module.ModelTab })))
const ScriptTab = lazy(() => import("./ScriptTab.tsx").then((module) => ({ default: module.ScriptTab })))

/** One kind of device: what its devices may say, what translates their bytes, its secret. */
export const ProductPage = () => {
  const text = useText()
  const t = text.products
  const { productKey } = useParams({ from: "/inside/products/$productKey" })
  const { tab = "overview" } = useSearch({ from: "/inside/products/$productKey" })
  const navigate = useNavigate()
  const { data: product, error, refetch } = useQuery(productQuery(productKey))
  if (error instanceof ApiFault && error.status === 404) {
    return <EmptyState title={t.unknown(productKey)} action={<PageLink to="/products">{t.title}</PageLink>} />
  }
  if (error) return <FaultPanel error={error} again={() => void refetch()} />
  if (product === undefined) return <Loader aria-label={text.app.loading} />
  const tabs = productTabs.filter((name) => name !== "script" || product.dataFormat === "Custom")
  return (
    <>
      <title>{`${product.productName} · Roost`}</title>
      <PageLink to="/products" size="sm">
        ← {t.title}
      </PageLink>
      <PageHeader title={product.productName} lead={<span className="mono">{productKey}</span>} />
      <PageTabs
        names={tabs}
        labels={t.tabs}
        open={tab}
        onOpen={(next) =>
          void navigate({
            to: "/products/$productKey",
            params: { productKey },
            search: next === "overview" ? {} : { tab: next },
            replace: true
          })
        }
      >
        <Tabs.Panel value="overview">
          <ProductOverview product={product} />
        </Tabs.Panel>
        <Tabs.Panel value="model">
          <ModelTab product={product} />
        </Tabs.Panel>
        <Tabs.Panel value="script">
          <ScriptTab product={product} />
        </Tabs.Panel>
      </PageTabs>
    </>
  )
}
