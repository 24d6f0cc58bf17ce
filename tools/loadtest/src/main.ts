import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { endWithReader, version } from "@roost/observability"
import { Console, Effect } from "effect"
import { Command } from "effect/cli"
import { flags } from "./cli/Flags.ts"
import { loadtest } from "./cli/loadtest.ts"

const command = Command.make("loadtest", flags, (given) =>
  Effect.promise(() => {
    // Until it is judged.
    process.exitCode = 1
    return loadtest(given, interrupted())
  }).pipe(
    // Ctrl-C ends the run, not the program: what was measured until then is reported.
    Effect.uninterruptible,
    Effect.tap(({ complaint }) => (complaint === undefined ? Effect.void : Console.error(`loadtest: ${complaint}`))),
    Effect.tap(({ exitCode }) => Effect.sync(() => void (process.exitCode = exitCode)))
  )
).pipe(
  Command.withDescription(
    "Many devices in software against a CoAP server over DTLS-PSK. Every response is verified. " +
      "Exit code: 0 the limits were kept, 1 they were not, 2 the run could not be made."
  ),
  Command.withExamples([
    {
      command: "npm run loadtest -- --registry http://127.0.0.1:8080 --devices 5000 --duration 20 --html report.html",
      description: "Register 5000 devices at a local Roost, load it as far as it goes, and write a page about it"
    },
    {
      command:
        "npm run loadtest -- --device-file devices.ndjson --devices 1000 --rate 2000 --max-p99 50 --max-errors 0",
      description: "Open loop at 2000 requests per second; fail above 50 ms at p99 or at the first error"
    },
    {
      command:
        "npm run loadtest -- --server 127.0.0.1:5684 --identity dev%06d --key-mode text --secret key-%06d --path /echo --verify-payload none",
      description: "Another server"
    }
  ])
)

function interrupted(): AbortSignal {
  const controller = new AbortController()
  process.once("SIGINT", () => controller.abort())
  process.once("SIGTERM", () => controller.abort())
  return controller.signal
}

const program = Command.run(command, { version }).pipe(
  // The parser has named the faults of the flags; 1 would mean that a limit was not kept.
  Effect.catchTag("ShowHelp", ({ errors }) => Effect.sync(() => void (process.exitCode = errors.length > 0 ? 2 : 0))),
  Effect.provide(NodeServices.layer)
)

endWithReader()

NodeRuntime.runMain(program, {
  disableErrorReporting: false
})
