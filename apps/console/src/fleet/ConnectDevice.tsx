import { Alert, Stack, Tabs, Text, TextInput } from "@mantine/core"
import { IconKey } from "@tabler/icons-react"
import { useState } from "react"
import { CopyLine } from "../display/CopyLine.tsx"
import { useText } from "../language/Language.tsx"
import classes from "./ConnectDevice.module.css"
import { connectLines, type Credential, identityOf } from "./connectLines.ts"
import { hexText, octalText, plainText, pskKey } from "./pskKey.ts"

/** Port of devices where nobody chose another. */
const devicePort = 5684

/** The things that a device needs to come in: its identity, its key in the forms that clients ask for, and lines to paste. */
export const ConnectDevice = ({ credential }: { readonly credential: Credential }) => {
  const text = useText()
  const t = text.connect
  const [address, setAddress] = useState(() => `${location.hostname}:${devicePort}`)
  const key = pskKey(credential.deviceSecret)
  const lines = connectLines(credential, address)
  return (
    <Stack gap="md">
      <Alert icon={<IconKey size={18} />} variant="light" color="yellow">
        {text.newDevice.once}
      </Alert>
      <div className={classes.facts}>
        <span>{t.identity}</span>
        <CopyLine text={identityOf(credential)} label={t.identity} />
        <span>{t.secret}</span>
        <CopyLine text={credential.deviceSecret} label={t.secret} />
        <span>
          {t.key}
          <Text size="xs" className="quiet">
            {t.keyHint}
          </Text>
        </span>
        <Tabs defaultValue="hex" variant="pills" keepMounted={false}>
          <Tabs.List mb={6}>
            <Tabs.Tab value="hex">{t.hex}</Tabs.Tab>
            <Tabs.Tab value="octal">{t.octal}</Tabs.Tab>
            <Tabs.Tab value="text">{t.text}</Tabs.Tab>
          </Tabs.List>
          <Tabs.Panel value="hex">
            <CopyLine text={hexText(key)} label={t.hex} />
          </Tabs.Panel>
          <Tabs.Panel value="octal">
            <CopyLine text={octalText(key)} label={t.octal} />
          </Tabs.Panel>
          <Tabs.Panel value="text">
            <CopyLine text={plainText(key)} label={t.text} />
          </Tabs.Panel>
        </Tabs>
        <span>{t.address}</span>
        <TextInput
          aria-label={t.address}
          value={address}
          onChange={(event) => setAddress(event.currentTarget.value)}
          spellCheck={false}
        />
      </div>
      <div>
        <Text fw={600} mb={6}>
          {t.lines}
        </Text>
        <Tabs defaultValue="libcoap" keepMounted={false}>
          <Tabs.List mb="xs">
            <Tabs.Tab value="libcoap">{t.libcoap}</Tabs.Tab>
            <Tabs.Tab value="roost">{t.roost}</Tabs.Tab>
            <Tabs.Tab value="firmware">{t.zephyr}</Tabs.Tab>
          </Tabs.List>
          {(["libcoap", "roost", "firmware"] as const).map((client) => (
            <Tabs.Panel key={client} value={client}>
              <CopyLine text={lines[client]} label={t.lines} />
            </Tabs.Panel>
          ))}
        </Tabs>
      </div>
    </Stack>
  )
}
