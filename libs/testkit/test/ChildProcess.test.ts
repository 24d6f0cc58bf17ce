import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { childProcess, outputCharactersMax } from "../src/index.ts"

const shell = (script: string) => ({ command: "sh", args: ["-c", script] })

describe("a child process", () => {
  it.live("is ready when its output says so, and is ended together with its descendants", () =>
    Effect.gen(function* () {
      const child = yield* childProcess({ ...shell("sleep 1000 & echo up; wait"), readyWhen: /up/ })
      // The descendant holds stdout open: this returns only because it ends too.
      assert.deepStrictEqual(yield* child.stop(), { code: null, signal: "SIGTERM" })
    })
  )

  it.live("ends with its scope", () =>
    Effect.gen(function* () {
      const child = yield* Effect.scoped(childProcess(shell("sleep 1000")))
      assert.deepStrictEqual(yield* child.exit, { code: null, signal: "SIGTERM" })
    })
  )

  it.live("that ends before it is ready fails with its last lines", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(childProcess({ ...shell("echo broken >&2; exit 3"), readyWhen: /never/ }))
      assert.strictEqual(error.reason, "Died")
      assert.match(error.message, /exit code 3:\nbroken/)
    })
  )

  it.live("that does not exist is NotStarted", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(childProcess({ command: "/nonexistent/program" }))
      assert.strictEqual(error.reason, "NotStarted")
    })
  )

  it.live("that says nothing is NotReady after its time, and ends", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(
        Effect.scoped(childProcess({ ...shell("sleep 1000"), readyWhen: /never/, readyWithinMillis: 50 }))
      )
      assert.strictEqual(error.reason, "NotReady")
    })
  )

  it.live("is killed although it is paused", () =>
    Effect.gen(function* () {
      const child = yield* childProcess({ ...shell("echo up; sleep 1000"), readyWhen: /up/ })
      yield* child.signal("SIGSTOP")
      const exit = yield* child.stop("SIGKILL")
      assert.strictEqual(exit.signal, "SIGKILL")
    })
  )

  it.live("keeps the end of a long output, within a bound", () =>
    Effect.gen(function* () {
      const child = yield* childProcess(shell("seq 1 400000"))
      yield* child.exit
      assert.isAtMost(child.output().length, 2 * outputCharactersMax)
      assert.isTrue(child.output().endsWith("\n400000\n"))
    })
  )

  it.live("reads what is written to it", () =>
    Effect.gen(function* () {
      const child = yield* childProcess(shell("cat"))
      yield* child.write("both ways\n")
      yield* child.closeStdin
      assert.deepStrictEqual(yield* child.exit, { code: 0, signal: null })
      assert.strictEqual(child.stdout(), "both ways\n")
    })
  )
})
