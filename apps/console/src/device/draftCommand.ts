import {
  bytesOfHex,
  type Field,
  type FieldExpectation,
  fieldValue,
  type Firmware,
  type FirmwareField,
  firmwareFields,
  serviceInputs,
  settablePoints
} from "./commandFields.ts"
import type { ThingModel } from "./deviceQueries.ts"
import type { CommandDraft } from "./issueCommand.ts"

export type CommandKind = CommandDraft["kind"]
/** Kinds of which the person chooses a point or a service. */
export type NamedKind = "set" | "get" | "service"

/** A field of the form; without a model its type is not known. */
export type AskedField = Omit<Field, "data"> & { readonly data: Field["data"] | undefined }

export interface FieldWords {
  readonly value: string
  readonly inputs: string
  readonly firmware: Readonly<Record<FirmwareField, string>>
}

export const isNamedKind = (kind: CommandKind): kind is NamedKind =>
  kind === "set" || kind === "get" || kind === "service"

/** The points or services of the model that a command of this kind may name. */
export const namesOf = (kind: NamedKind, model: ThingModel) => {
  switch (kind) {
    case "set":
      return settablePoints(model).map(({ id, name }) => option(id, name))
    case "get":
      return Object.entries(model.measurepoints).map(([id, { name }]) => option(id, name))
    case "service":
      return Object.entries(model.services).map(([id, { name }]) => option(id, name))
  }
}

const option = (value: string, name = value) => ({ value, label: name === value ? value : `${name} (${value})` })

/** The values that a command of this kind needs. */
export const askedFields = (
  kind: CommandKind,
  identifier: string,
  model: ThingModel | null,
  words: FieldWords
): ReadonlyArray<AskedField> => {
  const free = { id: "value", name: kind === "service" ? words.inputs : words.value, required: true, data: undefined }
  switch (kind) {
    case "set": {
      const point = model === null ? undefined : settablePoints(model).find(({ id }) => id === identifier)
      return [point === undefined ? free : { ...point, name: words.value }]
    }
    case "service":
      return model === null ? [free] : serviceInputs(model, identifier)
    case "upgrade":
      return firmwareFields(words.firmware)
    default:
      return []
  }
}

/** The text that a field begins with. */
export const firstOf = (data: Field["data"] | undefined): string =>
  data?.dataType === "ENUM" ? (Object.keys(data.values)[0] ?? "") : data?.dataType === "BOOL" ? "false" : ""

/** The form as it is filled in. `values` by the fields' ids; of raw bytes as `bytes`. */
export interface FilledForm {
  readonly kind: CommandKind
  readonly identifier: string
  readonly model: ThingModel | null
  readonly asked: ReadonlyArray<AskedField>
  readonly values: Readonly<Record<string, string>>
}

/** The command that the form means, or what each field of it is expected to be; neither while no point or service is named. */
export const draftCommand = ({
  asked,
  identifier,
  kind,
  model,
  values
}: FilledForm): { readonly draft?: CommandDraft; readonly faults: Readonly<Record<string, FieldExpectation>> } => {
  const faults: Record<string, FieldExpectation> = {}
  const read: Record<string, unknown> = {}
  for (const { data, id, required } of asked) {
    const text = values[id] ?? firstOf(data)
    if (text === "" && !required) continue
    const result = text === "" && kind === "upgrade" ? ({ expected: "text" } as const) : fieldValue(data, text)
    if ("expected" in result) faults[id] = result.expected
    else read[id] = result.value
  }
  const bytes = kind === "raw" ? bytesOfHex(values["bytes"] ?? "") : undefined
  if (kind === "raw" && bytes === undefined) faults["bytes"] = "hexadecimal"
  if (Object.keys(faults).length > 0 || (isNamedKind(kind) && identifier === "")) return { faults }
  const only = Object.values(read)[0]
  switch (kind) {
    case "set":
      return { faults, draft: { kind, identifier, value: only } }
    case "get":
      return { faults, draft: { kind, identifier } }
    case "service":
      return {
        faults,
        draft: { kind, identifier, inputData: (model === null ? only : read) as Record<string, unknown> }
      }
    case "upgrade":
      return { faults, draft: { kind, firmware: read as unknown as Firmware } }
    case "raw":
      return { faults, draft: { kind, bytes: bytes! } }
  }
}
