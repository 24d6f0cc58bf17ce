import { ActionIcon, Group, Menu, useMantineColorScheme } from "@mantine/core"
import { IconDeviceDesktop, IconLanguage, IconMoon, IconSun } from "@tabler/icons-react"
import { languages, useLanguage } from "../language/Language.tsx"

const schemes = [
  { scheme: "light", icon: IconSun },
  { scheme: "dark", icon: IconMoon },
  { scheme: "auto", icon: IconDeviceDesktop }
] as const

/** Language and colours of this browser. */
export const Preferences = () => {
  const { choose, code, text } = useLanguage()
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  const Current = schemes.find(({ scheme }) => scheme === colorScheme)!.icon
  return (
    <Group gap={4}>
      <Menu position="top-start">
        <Menu.Target>
          <ActionIcon variant="subtle" color="gray" size="lg" aria-label={text.app.language}>
            <IconLanguage size={19} stroke={1.6} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          {languages.map((language) => (
            <Menu.Item
              key={language.code}
              lang={language.code}
              fw={language.code === code ? 650 : undefined}
              onClick={() => choose(language.code)}
            >
              {language.name}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
      <Menu position="top-start">
        <Menu.Target>
          <ActionIcon variant="subtle" color="gray" size="lg" aria-label={text.app.colours}>
            <Current size={19} stroke={1.6} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          {schemes.map(({ icon: Icon, scheme }) => (
            <Menu.Item
              key={scheme}
              leftSection={<Icon size={16} stroke={1.6} />}
              fw={scheme === colorScheme ? 650 : undefined}
              onClick={() => setColorScheme(scheme)}
            >
              {text.app.scheme[scheme]}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
    </Group>
  )
}
