import { NodeServices } from "@effect/platform-node"
import { temporaryDirectory } from "@roost/testkit"
import { Cause, Effect, Exit, Runtime } from "effect"
import { CliConfig, CliError, CliOutput, Command, GlobalFlag } from "effect/cli"
import { createServer, type RequestListener } from "node:http"
import { exitCodes } from "../../src/ExitCode.ts"
import { Printer } from "../../src/output/Printer.ts"
import { roost } from "../../src/RoostCommand.ts"

export interface Asked {
  readonly method: string
  readonly url: string
  readonly body: string
  readonly authorization: string | undefined
}

export interface Answer {
  readonly status: number
  readonly body?: string
}

/** A server of HTTP at a free port, gone with the scope. */
export const httpServer = (listener: RequestListener) =>
  Effect.acquireRelease(
    Effect.callback<{ readonly url: string; readonly close: () => void }>((resume) => {
      const server = createServer(listener).listen(0, "127.0.0.1", () => {
        const { port } = server.address() as { readonly port: number }
        const close = () => {
          server.closeAllConnections()
          server.close()
        }
        resume(Effect.succeed({ url: `http://127.0.0.1:${port}`, close }))
      })
    }),
    ({ close }) => Effect.sync(close)
  )

/** A registry that answers what it is told to, and remembers what it was asked. */
export const registry = Effect.fnUntraced(function* (answerOf: (asked: Asked) => Answer) {
  const asked: Array<Asked> = []
  const { url } = yield* httpServer(async (request, response) => {
    let body = ""
    for await (const chunk of request) body += String(chunk)
    const one = { method: request.method!, url: request.url!, body, authorization: request.headers.authorization }
    asked.push(one)
    const answer = answerOf(one)
    response.writeHead(answer.status, { "content-type": "application/json" }).end(answer.body ?? "")
  })
  return { asked, url }
})

export const problem = (status: number, name: string): Answer => ({
  status,
  body: JSON.stringify({ type: `urn:roost:problem:${name}`, status, title: "It is so." })
})

/** Runs `roost` in this process: its exit code, and what it wrote. `onTold` hears each line to standard error as it comes. */
export const run = Effect.fnUntraced(function* (
  url: string,
  args: ReadonlyArray<string>,
  { folder: given, onTold = () => {} }: { readonly folder?: string; readonly onTold?: (line: string) => void } = {}
) {
  const folder = given ?? (yield* temporaryDirectory)
  const out: Array<string> = []
  const told: Array<string> = []
  process.env["XDG_CONFIG_HOME"] = folder
  process.env["ROOST_API_TOKEN"] = "a-token-of-a-test"
  const exit = yield* Command.runWith(roost, { version: "1" })([...args, "--url", url]).pipe(
    Effect.provideService(Printer, {
      out: (line) => Effect.sync(() => void out.push(line)),
      tell: (line) =>
        Effect.sync(() => {
          told.push(line)
          onTold(line)
        }),
      columns: undefined,
      colours: false
    }),
    Effect.provide([
      NodeServices.layer,
      CliConfig.layer({ builtIns: [GlobalFlag.Help, GlobalFlag.Version] }),
      CliOutput.layerPresenter({ present: () => Effect.void })
    ]),
    Effect.exit
  )
  const error = Exit.isSuccess(exit) ? undefined : Cause.squash(exit.cause)
  const code =
    error === undefined
      ? 0
      : CliError.isCliError(error)
        ? exitCodes.unusable.code
        : (error as { readonly [Runtime.errorExitCode]?: number })[Runtime.errorExitCode]
  const text = error instanceof Error ? error.message : ""
  return { code, out: out.join("\n"), told: told.join("\n"), text }
})
