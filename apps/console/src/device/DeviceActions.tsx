import { Button, Group, Menu } from "@mantine/core"
import { IconChevronDown } from "@tabler/icons-react"
import { useNavigate } from "@tanstack/react-router"
import { useState } from "react"
import { DeleteDevice } from "../fleet/DeleteDevice.tsx"
import { useText } from "../language/Language.tsx"
import type { Device } from "./deviceQueries.ts"
import { NewSecret } from "./NewSecret.tsx"
import { RenameDevice } from "./RenameDevice.tsx"
import { SwitchDevice } from "./SwitchDevice.tsx"

type Dialog = "switch" | "rotate" | "replace" | "rename" | "delete"

/** Actions of an operator on a device. Each says first what it ends. */
export const DeviceActions = ({ device }: { readonly device: Device }) => {
  const t = useText().device.actions
  const navigate = useNavigate()
  const [dialog, setDialog] = useState<Dialog>()
  const close = () => setDialog(undefined)
  return (
    <Group gap="xs">
      <Button variant="default" onClick={() => setDialog("switch")}>
        {device.status === "disabled" ? t.enable : t.disable}
      </Button>
      <Menu position="bottom-end">
        <Menu.Target>
          <Button variant="default" rightSection={<IconChevronDown size={15} />}>
            {t.more}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => setDialog("rename")}>{t.rename}</Menu.Item>
          <Menu.Item onClick={() => setDialog("rotate")}>{t.rotate}</Menu.Item>
          <Menu.Item onClick={() => setDialog("replace")}>{t.replace}</Menu.Item>
          <Menu.Divider />
          <Menu.Item color="red" onClick={() => setDialog("delete")}>
            {t.delete}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {dialog === "switch" && <SwitchDevice device={device} onClose={close} />}
      {dialog === "rename" && <RenameDevice device={device} onClose={close} />}
      {(dialog === "rotate" || dialog === "replace") && <NewSecret device={device} why={dialog} onClose={close} />}
      {dialog === "delete" && (
        <DeleteDevice
          device={device}
          onClose={close}
          onDeleted={() => void navigate({ to: "/devices", replace: true })}
        />
      )}
    </Group>
  )
}
