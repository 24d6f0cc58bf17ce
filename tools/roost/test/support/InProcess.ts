import { temporaryDirectory } from "@roost/testkit"
import { Effect } from "effect"
import { createServer, type RequestListener } from "node:http"
import { runRoost } from "../../src/runRoost.ts"

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

/** Runs `roost` in this process, against the Roost at `url`. */
export const run = Effect.fnUntraced(function* (
  url: string,
  args: ReadonlyArray<string>,
  { folder: given, onTold }: { readonly folder?: string; readonly onTold?: (line: string) => void } = {}
) {
  process.env["XDG_CONFIG_HOME"] = given ?? (yield* temporaryDirectory)
  process.env["ROOST_API_TOKEN"] = "a-token-of-a-test"
  return yield* runRoost([...args, "--url", url], onTold)
})
