import { NativeSelect } from "@mantine/core"
import { useText } from "../language/Language.tsx"
import type { Grants } from "./accessQueries.ts"
import { TextField } from "../display/TextField.tsx"

const roles = ["viewer", "operator", "developer", "firmware", "admin"] as const
type Role = (typeof roles)[number]

export interface GrantDraft {
  readonly role: Role
  readonly products: string
}

export const firstDraft: GrantDraft = { role: "viewer", products: "" }

export const grantsOf = ({ products, role }: GrantDraft): Grants =>
  role === "developer" || role === "firmware"
    ? [
        {
          role,
          products: products
            .split(",")
            .map((key) => key.trim())
            .filter((key) => key !== "")
        }
      ]
    : [{ role }]

/** A role, and where it is of given products, their keys. */
export const GrantFields = ({
  draft,
  onChange
}: {
  readonly draft: GrantDraft
  readonly onChange: (draft: GrantDraft) => void
}) => {
  const t = useText().access
  return (
    <>
      <NativeSelect
        label={t.role}
        value={draft.role}
        onChange={(event) => onChange({ ...draft, role: event.currentTarget.value as Role })}
        data={roles.map((role) => ({ value: role, label: t.roleNames[role] }))}
      />
      {(draft.role === "developer" || draft.role === "firmware") && (
        <TextField
          label={t.products}
          description={t.productsHint}
          value={draft.products}
          onChange={(text) => onChange({ ...draft, products: text })}
          required
          technical
        />
      )}
    </>
  )
}
