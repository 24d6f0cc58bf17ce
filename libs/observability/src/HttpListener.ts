import { NodeHttpServer } from "@effect/platform-node"
import { Setting } from "@roost/contracts"
import { Config, Effect, Layer, type Scope } from "effect"
import { createServer as createHttpServer, type Server } from "node:http"
import { createServer as createHttpsServer } from "node:https"
import { createServer } from "node:net"
import { followHttpTls, HttpTls, readHttpTls } from "./HttpTls.ts"

/** Where the HTTP ports bind. */
export const HttpHost = Setting.withDefault(
  "ROOST_HTTP_HOST",
  "address that the HTTP ports bind",
  Config.NonEmptyString,
  "127.0.0.1"
)

/**
 * Longer than the 60 s after which usual load balancers end an idle connection. Whichever end waits less should not be the one that gets
 * no word of the other's next request. Node's five seconds lose requests of clients on busy machines (ECONNRESET).
 */
const keepAliveMillis = 75_000

const keepAlive = { keepAliveTimeout: keepAliveMillis }

/** An HTTP server on a port of ROOST_HTTP_HOST; a port that can't be had is a fault of its variable. */
export const layerHttpServer = (port: Setting<number>) =>
  listening(port, "http", () => Effect.succeed(createHttpServer(keepAlive)))

/** The same with TLS where `HttpTls` is set; `prepare` may add listeners. */
export const layerApiServer = (port: Setting<number>, prepare: (server: Server) => Server) =>
  Layer.unwrap(
    Effect.map(HttpTls, (files) =>
      files === undefined
        ? listening(port, "http", () => Effect.succeed(prepare(createHttpServer(keepAlive))))
        : listening(port, "https", () =>
            Effect.gen(function* () {
              const server = createHttpsServer({ ...keepAlive, ...readHttpTls(files) })
              yield* followHttpTls(files, server)
              return prepare(server)
            })
          )
    )
  )

const listening = (
  port: Setting<number>,
  scheme: "http" | "https",
  make: () => Effect.Effect<Server, never, Scope.Scope>
) =>
  Layer.unwrap(
    Effect.gen(function* () {
      const listen = yield* Config.all({ port, host: HttpHost })
      const server = yield* make()
      return Layer.effectContext(
        Layer.build(NodeHttpServer.layer(() => server, listen)).pipe(
          Effect.mapError(({ cause }) => bindFault(port, listen, cause)),
          Effect.tap(() => Effect.logInfo(`listens for HTTP on ${scheme}://${hostPort(listen)}`))
        )
      )
    })
  )

const hostPort = ({ host, port }: { readonly host: string; readonly port: number }): string =>
  `${host.includes(":") ? `[${host}]` : host}:${port}`

/** Whether the port can be had, to be told at the start with everything else that is wrong. */
export const httpPortIsFree = (port: Setting<number>): Effect.Effect<void, Config.ConfigError> =>
  Effect.flatMap(Config.all({ port, host: HttpHost }), (listen) =>
    Effect.callback<void, Config.ConfigError>((resume) => {
      const probe = createServer()
      probe.once("error", (error) => resume(Effect.fail(bindFault(port, listen, error))))
      probe.listen(listen, () => probe.close(() => resume(Effect.void)))
    })
  )

const bindFault = (
  { variables }: Setting<number>,
  { host, port }: { readonly host: string; readonly port: number },
  cause: unknown
): Config.ConfigError => {
  const code = String((cause as NodeJS.ErrnoException)?.code)
  if (code === "EADDRINUSE" || code === "EACCES") {
    return Setting.fault(variables[0]?.name ?? "port", bindFaultText(code, "TCP", host, port))
  }
  return Setting.fault("ROOST_HTTP_HOST", `expected an address of this machine: ${host} can't be bound (${code})`)
}

/** `code`: EADDRINUSE or EACCES. */
export const bindFaultText = (code: string, protocol: "TCP" | "UDP", host: string, port: number): string =>
  code === "EACCES"
    ? `expected a port that this user may bind: ports below 1024 need a privilege, such as CAP_NET_BIND_SERVICE`
    : `expected a free port: another process has ${protocol} ${host} port ${port} (ss -lpn 'sport = :${port}' names it)`
