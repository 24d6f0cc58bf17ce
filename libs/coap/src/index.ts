export * from "./Block.ts"
export * from "./Code.ts"
export * from "./Limits.ts"
export * from "./Message.ts"
export * from "./Option.ts"
export type { Refusal, RefusalDetail, RefusalReason, Request } from "./Request.ts"
export type { IgnoredReason, Output, Outputs, Response, TransmitCause } from "./server/Output.ts"
export * from "./server/ServerExchanges.ts"
export * from "./Tuning.ts"
export * from "./client/ClientExchanges.ts"
export type {
  ClientIgnoredReason,
  ClientOutput,
  ClientOutputs,
  ClientRequest,
  ClientResponse,
  FailureReason
} from "./client/Output.ts"
