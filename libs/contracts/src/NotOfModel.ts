import { EnosCode, meantBy, type Refusal } from "@roost/enos"

/** A problem's account of a request that the product's thing model does not allow: where, expected, received. */
export const notOfModel = (modelId: string, modelVersion: number, refusal: Refusal) => {
  const { expected, field } = refusal
  const meant = meantBy(refusal)
  const got = meant === undefined ? refusal.got : `${refusal.got}; ${JSON.stringify(meant)} was probably meant`
  return {
    code: EnosCode.modelValidationFailed,
    modelId,
    modelVersion,
    field,
    expected,
    got,
    detail: `${field}: expected ${expected}, got ${got}. So says version ${modelVersion} of the thing model ${modelId}.`
  }
}
