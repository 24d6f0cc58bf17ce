import { checkCitations } from "./Citations.ts"
import { checkConventions } from "./Conventions.ts"
import { checkLayers } from "./Layers.ts"
import { checkLineWidth } from "./LineWidth.ts"
import { checkProofs } from "./Proofs.ts"
import { checkReferences } from "./References.ts"
import type { Finding, Repository } from "./Repository.ts"
import { checkSentences } from "./Sentences.ts"
import { checkVariables } from "./Variables.ts"

/** All that tidy looks for, in the order that it tells it. */
export const checks: ReadonlyArray<(repository: Repository) => ReadonlyArray<Finding>> = [
  checkLayers,
  checkConventions,
  checkProofs,
  checkVariables,
  checkReferences,
  checkCitations,
  checkLineWidth,
  (repository) => checkSentences(repository)
]
