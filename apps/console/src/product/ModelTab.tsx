import { Alert, Button, Group, Loader, Stack, Text } from "@mantine/core"
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query"
import { useEffect, useState } from "react"
import { bodyOf, registry } from "../api/client.ts"
import { EmptyState } from "../display/EmptyState.tsx"
import { Fault } from "../display/Fault.tsx"
import { Form } from "../display/Form.tsx"
import { TextField } from "../display/TextField.tsx"
import { useText } from "../language/Language.tsx"
import { checkModel, modelTemplate, parseModel } from "./checkModel.ts"
import { CodeEditor } from "./CodeEditor.tsx"
import { modelQuery, productKeyOf, type ShownProduct, type ThingModel } from "./productQueries.ts"

/** The thing model of a product: what its devices may say, and which commands they take. */
export const ModelTab = ({ product }: { readonly product: ShownProduct }) => {
  const t = useText().model
  const { modelId, productKey } = product
  const [beginning, setBeginning] = useState<string>()
  const [name, setName] = useState(productKey)
  if (modelId !== undefined) return <ExistingModel modelId={modelId} />
  if (beginning !== undefined) return <ModelEditor text={beginning} version={undefined} productKey={productKey} />
  return (
    <div className="panel">
      <EmptyState
        title={t.none}
        action={
          <Form onSubmit={() => setBeginning(JSON.stringify(modelTemplate(name.trim()), undefined, 2))}>
            <Group align="end" justify="center" ta="left">
              <TextField label={t.id} value={name} onChange={setName} required />
              <Button type="submit">{t.begin}</Button>
            </Group>
          </Form>
        }
      >
        {t.noneBody}
      </EmptyState>
    </div>
  )
}

const ExistingModel = ({ modelId }: { readonly modelId: string }) => {
  const text = useText()
  const { data } = useQuery(modelQuery(modelId))
  if (data === undefined) return <Loader aria-label={text.app.loading} />
  return <ModelEditor text={JSON.stringify(data.model, undefined, 2)} version={data.version} productKey={undefined} />
}

/** `productKey`: the model is new, and the product gets it. */
const ModelEditor = ({
  productKey,
  text: stored,
  version
}: {
  readonly text: string
  readonly version: number | undefined
  readonly productKey: string | undefined
}) => {
  const text = useText()
  const t = text.model
  const client = useQueryClient()
  const [written, setWritten] = useState(stored)
  useEffect(() => setWritten(stored), [stored])
  const parsed = parseModel(written)
  const model = "model" in parsed ? parsed.model : undefined
  const check = useMutation({ mutationFn: (asked: ThingModel) => checkModel(asked, version !== undefined) })
  const save = useMutation({
    mutationFn: async (asked: ThingModel) => {
      const path = { modelId: asked.modelId }
      if (version !== undefined) {
        await bodyOf(registry.PUT("/v1/models/{modelId}", { params: { path }, body: asked }))
      } else {
        await bodyOf(registry.POST("/v1/models", { body: asked }))
        await bodyOf(
          registry.PATCH("/v1/products/{productKey}", {
            params: { path: { productKey: productKey ?? "" } },
            body: { modelId: asked.modelId }
          })
        )
      }
    },
    onSuccess: async (_, asked) => {
      await client.invalidateQueries({ queryKey: ["model", asked.modelId] })
      if (productKey !== undefined) await client.invalidateQueries({ queryKey: productKeyOf(productKey) })
    }
  })
  const error = save.error ?? check.error
  const change = (next: string) => {
    setWritten(next)
    check.reset()
    save.reset()
  }
  return (
    <Stack>
      <Group justify="space-between">
        <Text size="sm" className="quiet">
          {version === undefined ? t.isNew : t.version(version)} {t.lead}
        </Text>
        <Group gap="xs">
          <Button
            variant="default"
            disabled={model === undefined}
            loading={check.isPending}
            onClick={() => model && check.mutate(model)}
          >
            {t.check}
          </Button>
          <Button
            disabled={model === undefined || (version !== undefined && written === stored)}
            loading={save.isPending}
            onClick={() => model && save.mutate(model)}
          >
            {text.dialog.save}
          </Button>
        </Group>
      </Group>
      <CodeEditor label={t.title} language="json" value={written} onChange={change} />
      <div role="status" aria-live="polite">
        {"fault" in parsed && (
          <Alert color="red" variant="light" title={t.noJson}>
            {parsed.fault}
          </Alert>
        )}
        <Fault of={error} title={t.refused} />
        {check.isSuccess && !error && (
          <Alert color="teal" variant="light">
            {t.good}
          </Alert>
        )}
        {save.isSuccess && (
          <Alert color="teal" variant="light">
            {t.saved}
          </Alert>
        )}
      </div>
    </Stack>
  )
}
