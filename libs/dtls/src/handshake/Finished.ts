import * as Result from "effect/Result"
import type { DecodeError } from "../errors.ts"
import { verifyDataBytes } from "../KeySchedule.ts"

/** RFC 5246 §7.4.9. */
export interface Finished {
  /** 12 bytes. */
  readonly verifyData: Uint8Array
}

export function decodeFinished(body: Uint8Array): Result.Result<Finished, DecodeError> {
  return body.length === verifyDataBytes
    ? Result.succeed({ verifyData: body })
    : Result.fail({ by: "peer", reason: "Truncated", message: "finished" })
}
