import { Button, Stack, Text } from "@mantine/core"
import { useMutation } from "@tanstack/react-query"
import { useState } from "react"
import { registry } from "../api/client.ts"
import { Fault } from "../display/Fault.tsx"
import { Form } from "../display/Form.tsx"
import { Panel } from "../display/Panel.tsx"
import { TextField } from "../display/TextField.tsx"
import { useText } from "../language/Language.tsx"

/** Of who is signed in by an account. */
export const OwnPassword = () => {
  const t = useText().access
  const [current, setCurrent] = useState("")
  const [password, setPassword] = useState("")
  const change = useMutation({
    mutationFn: () => registry.POST("/v1/access/password", { body: { current, password } }),
    onSuccess: () => location.replace("/sign-in")
  })
  return (
    <Panel title={t.own}>
      <Form onSubmit={() => change.mutate()}>
        <Stack maw={420}>
          <Text size="sm" className="quiet">
            {t.ownBody}
          </Text>
          <TextField label={t.current} value={current} onChange={setCurrent} completedAs="current-password" secret />
          <TextField
            label={t.next}
            value={password}
            onChange={setPassword}
            completedAs="new-password"
            minLength={12}
            secret
          />
          <Fault of={change.error} />
          <Button type="submit" variant="default" loading={change.isPending} style={{ alignSelf: "flex-start" }}>
            {t.change}
          </Button>
        </Stack>
      </Form>
    </Panel>
  )
}
