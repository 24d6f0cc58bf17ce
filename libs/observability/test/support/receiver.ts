import { Effect, type Scope } from "effect"
import { once } from "node:events"
import { createServer, type IncomingHttpHeaders } from "node:http"
import type { AddressInfo } from "node:net"
import { json } from "node:stream/consumers"

/** The parts of either request that tests read. */
interface ExportBody {
  readonly resourceSpans: readonly [
    { readonly resource: unknown; readonly scopeSpans: readonly [{ readonly spans: ReadonlyArray<unknown> }] }
  ]
  readonly resourceMetrics: readonly [
    {
      readonly resource: unknown
      readonly scopeMetrics: readonly [
        {
          readonly metrics: ReadonlyArray<{
            readonly name: string
            readonly sum: { readonly dataPoints: readonly [{ readonly asDouble: number }] }
          }>
        }
      ]
    }
  ]
}

export interface Received {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: ExportBody
}

/** Takes what comes by OTLP/HTTP as JSON, as a collector does, and answers so. */
export const receiver = (
  status = 200,
  answer = "{}"
): Effect.Effect<{ readonly requests: ReadonlyArray<Received>; readonly url: string }, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const requests: Array<Received> = []
      const server = createServer(async (request, response) => {
        requests.push({ path: request.url!, headers: request.headers, body: (await json(request)) as ExportBody })
        response.writeHead(status, status === 307 ? { location: "/elsewhere" } : {}).end(answer)
      }).listen(0, "127.0.0.1")
      await once(server, "listening")
      return { requests, server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
    }),
    ({ server }) =>
      Effect.promise(async () => {
        server.closeAllConnections()
        server.close()
        await once(server, "close")
      })
  )
