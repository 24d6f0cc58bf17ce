import { Effect, type Scope } from "effect"
import { Program, type ProgramOptions } from "./program/Program.ts"

/** A `Program` that is killed with the scope: for tests that ask it themselves whether it is ready. */
export const scopedProgram = (options: ProgramOptions): Effect.Effect<Program, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => new Program(options)),
    (program) => endProgram(program, "SIGKILL")
  )

/** Signals, and waits until it has ended; its exit code. */
export const endProgram = (program: Program, signal: NodeJS.Signals): Effect.Effect<number | null> =>
  Effect.map(
    Effect.promise(() => program.stop(signal)),
    ({ code }) => code
  )
