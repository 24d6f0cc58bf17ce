import { AppShell, Burger, Group, Text, UnstyledButton } from "@mantine/core"
import { useDisclosure } from "@mantine/hooks"
import { IconLogout } from "@tabler/icons-react"
import { Outlet, useRouterState } from "@tanstack/react-router"
import { useEffect } from "react"
import { useText } from "../language/Language.tsx"
import { useSignOut } from "../session/session.ts"
import classes from "./Frame.module.css"
import { Navigation } from "./Navigation.tsx"
import { OutageBar } from "./OutageBar.tsx"
import { Preferences } from "./Preferences.tsx"
import { RoostMark } from "./RoostMark.tsx"

/** The frame around every page: the way to the others, language, colours, the way out. */
export const Frame = () => {
  const t = useText().app
  const [open, { close, toggle }] = useDisclosure()
  const pathname = useRouterState({ select: ({ location }) => location.pathname })
  const signOut = useSignOut()
  useEffect(close, [pathname, close])
  return (
    <AppShell
      layout="alt"
      navbar={{ width: 216, breakpoint: "sm", collapsed: { mobile: !open } }}
      header={{ height: { base: 52, sm: 0 } }}
      classNames={{ navbar: classes.navbar!, header: classes.header!, main: classes.main! }}
    >
      <a className="skip-link" href="#content">
        {t.skip}
      </a>
      <AppShell.Header hiddenFrom="sm">
        <Group h="100%" px="md" gap="sm">
          <Burger opened={open} onClick={toggle} size="sm" aria-label={t.menu} aria-expanded={open} />
          <RoostMark size={24} />
          <Text fw={650}>Roost</Text>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar aria-label={t.pages}>
        <Group justify="space-between" px="md" pt="md" pb="lg">
          <Group gap={10}>
            <RoostMark />
            <Text fw={700} fz="lg">
              Roost
            </Text>
          </Group>
          <Burger opened={open} onClick={toggle} size="sm" hiddenFrom="sm" aria-label={t.menu} />
        </Group>
        <Navigation />
        <div className={classes.foot}>
          <Preferences />
          <UnstyledButton className={classes.out} onClick={() => signOut.mutate()}>
            <IconLogout size={17} stroke={1.6} />
            {t.signOut}
          </UnstyledButton>
        </div>
      </AppShell.Navbar>
      <AppShell.Main id="content" tabIndex={-1}>
        <OutageBar />
        <div className={classes.content}>
          <Outlet />
        </div>
      </AppShell.Main>
    </AppShell>
  )
}
