import type { CompiledThingModel, Refusal } from "@roost/enos"
import { type CommandDraft, pointsOf } from "./CommandDraft.ts"

/** The first thing of a command that the model does not allow. Raw bytes and firmware are no part of a model. */
export const checkCommand = (model: CompiledThingModel, draft: CommandDraft): Refusal | undefined => {
  switch (draft.kind) {
    case "measurepointSet":
      return model.checkMeasurepointSet(pointsOf(draft.measurepoint, draft.value))
    case "measurepointGet":
      return model.checkMeasurepointGet(draft.measurepoints)
    case "service":
      return model.checkServiceInput(draft.service, draft.inputData)
    case "otaUpgrade":
    case "raw":
      return undefined
  }
}
