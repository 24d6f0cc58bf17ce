import { IconMapQuestion } from "@tabler/icons-react"
import { PageLink } from "../display/PageLink.tsx"
import { EmptyState } from "../display/EmptyState.tsx"
import { useText } from "../language/Language.tsx"

export const NotFound = () => {
  const t = useText().app
  return (
    <EmptyState
      icon={<IconMapQuestion size={36} stroke={1.4} />}
      title={t.notFound}
      action={<PageLink to="/devices">{t.toFleet}</PageLink>}
    />
  )
}
