import * as Context from "effect/Context"

/**
 * A database or a store that does not answer, is too slow, or has no room. It is a defect, since nothing that called it can
 * mend it. An HTTP API answers 503 with Retry-After.
 */
export class StoreUnavailable extends Error {
  override readonly name = "StoreUnavailable"
  /** Whether it was a write of which nobody heard what became. */
  readonly mayHaveHappened: boolean

  constructor(message: string, options: { readonly mayHaveHappened: boolean; readonly cause?: unknown }) {
    super(message, options.cause === undefined ? {} : { cause: options.cause })
    this.mayHaveHappened = options.mayHaveHappened
  }
}

/** Whether something that one HTTP request asked for was stored already: when a later step fails, the answer has to say so. */
export const RequestWrites = Context.Reference<{ written: boolean } | undefined>("@roost/contracts/RequestWrites", {
  defaultValue: () => undefined
})
