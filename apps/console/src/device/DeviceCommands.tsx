import { Anchor, Button, Text } from "@mantine/core"
import { IconSend } from "@tabler/icons-react"
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query"
import { bodyOf, downlink } from "../api/client.ts"
import { Answered } from "../display/Answered.tsx"
import { EmptyState } from "../display/EmptyState.tsx"
import { Fault } from "../display/Fault.tsx"
import { Panel } from "../display/Panel.tsx"
import { Tag, type Tone } from "../display/Tag.tsx"
import { useText } from "../language/Language.tsx"
import { CommandBar } from "./CommandBar.tsx"
import { CommandForm } from "./CommandForm.tsx"
import classes from "./DeviceCommands.module.css"
import { commandsQuery, type Device, type IssuedCommand, keyOf } from "./deviceQueries.ts"
import { valueText } from "./points.ts"

/** The device's commands, the state of each, and a form for more. */
export const DeviceCommands = ({ device }: { readonly device: Device }) => {
  const text = useText()
  const t = text.commands
  const commands = useQuery(commandsQuery(device))
  return (
    <div className={classes.columns}>
      <Panel title={t.send}>
        <CommandForm device={device} />
      </Panel>
      <Panel title={t.title}>
        <Answered of={commands} small>
          {(found) =>
            found.length === 0 ? (
              <EmptyState icon={<IconSend size={32} stroke={1.4} />} title={t.none}>
                {t.noneBody}
              </EmptyState>
            ) : (
              <ul className={classes.list}>
                {found.map((command) => (
                  <CommandItem key={command.commandId} command={command} />
                ))}
              </ul>
            )
          }
        </Answered>
      </Panel>
    </div>
  )
}

const tones: Readonly<Record<IssuedCommand["state"], Tone>> = {
  created: "plain",
  sent: "plain",
  succeeded: "good",
  failed: "bad",
  expired: "odd",
  cancelled: "plain",
  timedOut: "odd"
}

const CommandItem = ({ command }: { readonly command: IssuedCommand }) => {
  const t = useText().commands
  const client = useQueryClient()
  const cancel = useMutation({
    mutationFn: () =>
      bodyOf(downlink.POST("/v1/commands/{commandId}:cancel", { params: { path: { commandId: command.commandId } } })),
    onSettled: () => client.invalidateQueries({ queryKey: keyOf(command, "commands") })
  })
  const asked = command.value ?? command.inputData ?? command.ids ?? command.firmware
  return (
    <li className={classes.item} data-command={command.commandId} data-state={command.state}>
      <div className={classes.head}>
        <Text fw={600} className={classes.what!}>
          {t.kinds[command.kind]} {command.identifier}
          {asked !== undefined && <span className="mono"> = {valueText(asked)}</span>}
        </Text>
        <Tag tone={tones[command.state]}>{t.states[command.state]}</Tag>
        {command.state === "created" && (
          <Button size="compact-xs" variant="default" loading={cancel.isPending} onClick={() => cancel.mutate()}>
            {t.cancel}
          </Button>
        )}
      </div>
      <CommandBar command={command} />
      {(command.code !== undefined || command.message !== undefined) && (
        <Text size="sm" mt={6}>
          {command.code !== undefined && <span className="mono">{command.code} </span>}
          {command.message}
          {command.data !== undefined && <span className="mono quiet"> {valueText(command.data)}</span>}
        </Text>
      )}
      {command.refusal !== undefined && command.link !== undefined && (
        <Anchor href={command.link} size="sm" className="mono">
          {command.refusal}
        </Anchor>
      )}
      <Fault apart of={cancel.error} />
    </li>
  )
}
