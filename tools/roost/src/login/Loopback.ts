import { Effect, type Scope } from "effect"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"

/** Where a browser on this machine brings a code (RFC 8252 §7.3). */
export interface Loopback {
  readonly port: number
  /** The code that comes with the state of this sign-in; others are turned away. */
  readonly code: Effect.Effect<string>
}

/** Listens at a free port of 127.0.0.1, for nobody beside this machine, as long as the scope lasts. */
export const listen = (state: string): Effect.Effect<Loopback, never, Scope.Scope> =>
  Effect.gen(function* () {
    const { promise, resolve } = Promise.withResolvers<string>()
    const server = createServer((request, response) => {
      const url = URL.parse(request.url ?? "", "http://127.0.0.1")
      const code = url?.pathname === "/" ? url.searchParams.get("code") : null
      const isMine = code !== null && url?.searchParams.get("state") === state
      response.writeHead(isMine ? 200 : 400, headers)
      response.end(
        page(isMine ? "roost is signed in. You may close this page." : "This is not what roost waits for."),
        () => {
          if (isMine) resolve(code)
        }
      )
    })
    yield* Effect.acquireRelease(
      Effect.callback<void>((resume) => void server.listen(0, "127.0.0.1", () => resume(Effect.void))),
      () =>
        Effect.sync(() => {
          server.close()
          server.closeAllConnections()
        })
    )
    const { port } = server.address() as AddressInfo
    return { port, code: Effect.promise(() => promise) }
  })

const headers = {
  "content-type": "text/html; charset=utf-8",
  "cache-control": "no-store",
  "referrer-policy": "no-referrer",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  connection: "close"
} as const

const page = (text: string): string =>
  `<!doctype html><html lang="en"><meta charset="utf-8"><title>roost</title><p>${text}</p></html>\n`
