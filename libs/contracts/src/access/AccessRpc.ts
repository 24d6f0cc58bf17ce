import * as Schema from "effect/Schema"
import { Subjects } from "../Subjects.ts"
import { Principal } from "./Principal.ts"

/** `roost.access`: what the registry knows of an API key. The bus sees no secret: SHA-256 of 256 random bits tells nothing of them. */
export const AccessQuestion = Schema.Struct({
  /** SHA-256 of the key's secret, hexadecimal. */
  digest: Schema.String.check(Schema.isPattern(/^[0-9a-f]{64}$/u)),
  /** IP address of who sent it, for its last use. */
  address: Schema.String
})

export const AccessAnswer = Schema.Union([
  Schema.TaggedStruct("Known", { principal: Principal, requestsPerSecond: Schema.Int }),
  Schema.TaggedStruct("Expired", { at: Schema.Finite }),
  Schema.TaggedStruct("Unknown", {})
])
export type AccessAnswer = typeof AccessAnswer.Type

export const accessRpc = { subject: Subjects.access, request: AccessQuestion, response: AccessAnswer } as const
