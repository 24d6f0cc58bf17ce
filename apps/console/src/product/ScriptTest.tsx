import { Alert, Button, SegmentedControl, Stack, Textarea } from "@mantine/core"
import { useMutation, useQueryClient } from "@tanstack/react-query"
import { useState } from "react"
import { bodyOf, registry } from "../api/client.ts"
import { parseWritten } from "../api/Numeral.ts"
import { Fault } from "../display/Fault.tsx"
import { Form } from "../display/Form.tsx"
import { Panel } from "../display/Panel.tsx"
import { useText } from "../language/Language.tsx"
import { productKeyOf } from "./productQueries.ts"

/** Tries the draft, in either direction. `save`: what was written since it was saved is saved first. */
export const ScriptTest = ({
  productKey,
  save
}: {
  readonly productKey: string
  readonly save: (() => Promise<unknown>) | undefined
}) => {
  const t = useText().script
  const client = useQueryClient()
  const [direction, setDirection] = useState<"raw" | "message">("raw")
  const [raw, setRaw] = useState("00d7")
  const [message, setMessage] = useState('{"id":"1","code":200,"data":{}}')
  const test = useMutation({
    mutationFn: async () => {
      await save?.()
      const body =
        direction === "raw" ? { raw: raw.replaceAll(/\s/g, "") } : { message: parseWritten(message) as never }
      return bodyOf(registry.POST("/v1/products/{productKey}/script:test", { params: { path: { productKey } }, body }))
    },
    onSuccess: () => client.invalidateQueries({ queryKey: productKeyOf(productKey, "script") })
  })
  const result = test.data
  return (
    <Panel title={t.test}>
      <Form onSubmit={() => test.mutate()}>
        <Stack gap="sm">
          <SegmentedControl
            fullWidth
            aria-label={t.direction}
            value={direction}
            onChange={(next) => setDirection(next as "raw" | "message")}
            data={[
              { value: "raw", label: t.fromBytes },
              { value: "message", label: t.toBytes }
            ]}
          />
          {direction === "raw" ? (
            <Textarea
              label={t.bytes}
              autosize
              minRows={2}
              value={raw}
              onChange={(event) => setRaw(event.currentTarget.value)}
              spellCheck={false}
            />
          ) : (
            <Textarea
              label={t.message}
              autosize
              minRows={3}
              value={message}
              onChange={(event) => setMessage(event.currentTarget.value)}
              spellCheck={false}
            />
          )}
          <Button type="submit" variant="light" loading={test.isPending}>
            {save === undefined ? t.run : t.saveAndRun}
          </Button>
          <div role="status" aria-live="polite">
            <Fault of={test.error} />
            {result !== undefined &&
              ("failure" in result ? (
                <Alert color="red" variant="light" title={result.failure.reason}>
                  {result.failure.message}
                </Alert>
              ) : (
                <Alert color="teal" variant="light" title={t.worked}>
                  <pre className="mono" style={{ margin: 0, whiteSpace: "pre-wrap", overflowWrap: "anywhere" }}>
                    {"raw" in result ? result.raw : JSON.stringify(result.message, undefined, 2)}
                  </pre>
                </Alert>
              ))}
          </div>
        </Stack>
      </Form>
    </Panel>
  )
}
