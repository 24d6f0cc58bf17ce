import { Center, Loader } from "@mantine/core"
import { Navigate, useRouterState } from "@tanstack/react-router"
import { type ReactNode, useEffect } from "react"
import { FaultPanel } from "../display/FaultPanel.tsx"
import { useText } from "../language/Language.tsx"
import { useSession } from "../session/session.ts"
import { OutageBar } from "./OutageBar.tsx"

/** Where the reader wanted to go, for the time that signing in takes. It never leaves the tab. */
const wanted = "roost-wanted"

/** Shows `children` to who is signed in, and the others the way in. */
export const SignedIn = ({ children }: { readonly children: ReactNode }) => {
  const { data, error, refetch } = useSession()
  const href = useRouterState({ select: ({ location }) => location.href })
  const t = useText().app
  if (error) return <FaultPanel error={error} again={() => void refetch()} />
  if (data === undefined) {
    return (
      <>
        <OutageBar />
        <Center mih="60vh">
          <Loader aria-label={t.loading} />
        </Center>
      </>
    )
  }
  if (data === null) {
    // Once more on its way there.
    if (!href.startsWith("/sign-in")) sessionStorage.setItem(wanted, href)
    return <Navigate to="/sign-in" replace />
  }
  return children
}

/** Shows `children` to who is not signed in, and sends the others where they wanted to go. */
export const SignedOut = ({ children }: { readonly children: ReactNode }) => {
  const { data } = useSession()
  const leaves = Boolean(data) && !location.hash.includes("code=")
  useEffect(() => {
    if (!leaves) return
    const href = sessionStorage.getItem(wanted)
    sessionStorage.removeItem(wanted)
    // The page is loaded anew: the router stays where it was when only what is behind `#` of its address had changed before.
    location.replace(href === null || href === "/" ? "/devices" : href)
  }, [leaves])
  return leaves ? null : children
}
