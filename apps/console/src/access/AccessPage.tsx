import { Stack } from "@mantine/core"
import { PageHeader } from "../display/PageHeader.tsx"
import { useText } from "../language/Language.tsx"
import { useSession } from "../session/session.ts"
import { grantsText } from "./accessQueries.ts"
import { AccountPanel } from "./AccountPanel.tsx"
import { KeyPanel } from "./KeyPanel.tsx"
import { OwnPassword } from "./OwnPassword.tsx"

/** Keys and accounts, with their roles: for admins all of them, for others their own part. */
export const AccessPage = () => {
  const t = useText().access
  const principal = useSession().data?.principal
  if (principal === undefined) return null
  const isAdmin = principal.grants.some(({ role }) => role === "admin")
  return (
    <>
      <title>{`${t.title} · Roost`}</title>
      <PageHeader
        title={t.title}
        lead={
          <>
            {t.lead} {t.you(principal.name, grantsText(principal.grants))}
          </>
        }
      />
      <Stack>
        {isAdmin && <KeyPanel />}
        {isAdmin && <AccountPanel />}
        {principal.kind === "account" && <OwnPassword />}
      </Stack>
    </>
  )
}
