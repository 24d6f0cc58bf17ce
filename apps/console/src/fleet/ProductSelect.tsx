import { Anchor, Select } from "@mantine/core"
import { useQuery } from "@tanstack/react-query"
import { useEffect } from "react"
import { useText } from "../language/Language.tsx"
import { productsQuery } from "./fleetQueries.ts"

/** One of the products; the only one is chosen already. */
export const ProductSelect = ({
  onChange,
  onNewProduct,
  value
}: {
  readonly value: string | null
  readonly onChange: (productKey: string | null) => void
  readonly onNewProduct?: () => void
}) => {
  const text = useText()
  const { data } = useQuery(productsQuery)
  const only = data?.length === 1 ? data[0]!.productKey : undefined
  useEffect(() => {
    if (value === null && only !== undefined) onChange(only)
  }, [onChange, only, value])
  return (
    <Select
      label={text.newDevice.product}
      data={(data ?? []).map(({ productKey, productName }) => ({
        value: productKey,
        label: productName === productKey ? productKey : `${productName} (${productKey})`
      }))}
      value={value}
      onChange={onChange}
      searchable
      // A person who chooses again what is chosen means it.
      allowDeselect={false}
      required
      withAsterisk={false}
      description={
        onNewProduct && (
          <Anchor component="button" type="button" size="xs" onClick={onNewProduct}>
            {text.fleet.newProduct}
          </Anchor>
        )
      }
    />
  )
}
