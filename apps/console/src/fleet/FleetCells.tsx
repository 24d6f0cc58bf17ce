import { useQuery } from "@tanstack/react-query"
import { PageLink } from "../display/PageLink.tsx"
import { Ago } from "../display/Ago.tsx"
import { useText } from "../language/Language.tsx"
import classes from "./FleetCells.module.css"
import { type DeviceSummary, productsQuery } from "./fleetQueries.ts"

/** Name and key; the key alone where the device has no other name. */
export const DeviceCell = ({ device: { deviceKey, deviceName, productKey } }: { readonly device: DeviceSummary }) => (
  <div className={classes.device}>
    <PageLink
      to="/devices/$productKey/$deviceKey"
      params={{ productKey, deviceKey }}
      className={classes.name!}
      c="inherit"
      fw={600}
    >
      {deviceName}
    </PageLink>
    {deviceName !== deviceKey && <span className={`mono quiet ${classes.key}`}>{deviceKey}</span>}
  </div>
)

export const ProductCell = ({ productKey }: { readonly productKey: string }) => {
  const { data } = useQuery(productsQuery)
  const name = data?.find((product) => product.productKey === productKey)?.productName ?? productKey
  return (
    <span className={classes.cut} title={productKey}>
      {name}
    </span>
  )
}

export const SeenCell = ({ at }: { readonly at: number | undefined }) => {
  const t = useText().fleet
  return (
    <span className={classes.cut}>{at === undefined ? <span className="quiet">{t.never}</span> : <Ago at={at} />}</span>
  )
}

export const AddressCell = ({ address }: { readonly address: string | undefined }) => (
  <span className={`mono ${classes.cut}`} title={address}>
    {address ?? "–"}
  </span>
)

/** Tags that a row has room for. */
const tagsMax = 3

export const TagsCell = ({ tags }: { readonly tags: Readonly<Record<string, string>> }) => {
  const all = Object.entries(tags)
  return (
    <span className={classes.tags} title={all.map(([name, value]) => `${name}=${value}`).join("\n")}>
      {all.slice(0, tagsMax).map(([name, value]) => (
        <span key={name} className={classes.tag}>
          {name}
          {value !== "" && `=${value}`}
        </span>
      ))}
      {all.length > tagsMax && <span className="quiet">+{all.length - tagsMax}</span>}
    </span>
  )
}
