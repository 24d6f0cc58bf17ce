import { Data, Runtime } from "effect"

/** How the command ended, for scripts; 130 is Ctrl-C. */
export const exitCodes = {
  /** Every report was accepted. */
  accepted: 0,
  /** The command line, the environment or the state file can't be used. */
  unusable: 1,
  /** No session came about, or the platform gave no secret. */
  notConnected: 2,
  /** A report was refused: by another code than 2.xx, or by a code of EnOS in the answer. */
  refused: 3
} as const

/** A fault that the person at the terminal has to mend. */
export class DeviceFailure extends Data.TaggedError("DeviceFailure")<{
  readonly reason: string
  readonly hint: string
  readonly exitCode?: number
}> {
  override readonly [Runtime.errorExitCode] = this.exitCode ?? exitCodes.unusable
}
