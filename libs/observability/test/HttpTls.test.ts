import { assert, describe, it } from "@effect/vitest"
import { Setting } from "@roost/contracts"
import { freeTcpPort, temporaryDirectory, waitUntil } from "@roost/testkit"
import { Config, ConfigProvider, Effect, Layer, Logger } from "effect"
import { HttpRouter } from "effect/http"
import { execFileSync } from "node:child_process"
import { copyFileSync, readFileSync } from "node:fs"
import { get } from "node:https"
import { join } from "node:path"
import { TLSSocket } from "node:tls"
import { configurationFaults } from "../src/Configuration.ts"
import { configuredBy, Health, healthRoutes, HttpTls, layerApiServer } from "../src/index.ts"

/** Files `{name}.pem` and `{name}.key`, which nobody signed but itself. */
const selfSigned = (directory: string, name: string) =>
  Effect.sync(() => {
    const key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2".split(" ")
    const files = ["-keyout", `${name}.key`, "-out", `${name}.pem`]
    execFileSync("openssl", ["req", "-x509", ...key, "-subj", `/CN=${name}`, ...files], {
      cwd: directory,
      stdio: "ignore"
    })
  })

/** The server's answer, and the subject of the certificate that it shows; or why there is none. */
const ask = (port: number, client?: { readonly cert: Buffer; readonly key: Buffer }) =>
  Effect.callback<string>((resume) => {
    get(
      { host: "127.0.0.1", port, path: "/healthz", rejectUnauthorized: false, agent: false, ...client },
      (response) => {
        const { subject } = (response.socket as TLSSocket).getPeerCertificate()
        response.resume()
        resume(Effect.succeed(`${response.statusCode} ${String(subject.CN)}`))
      }
    ).on("error", (error: NodeJS.ErrnoException) => resume(Effect.succeed(String(error.code))))
  })

const served = Effect.fnUntraced(function* (env: Record<string, string>) {
  const port = yield* freeTcpPort
  const lines: Array<string> = []
  const log = Logger.make(({ message }) => void lines.push(String(message)))
  yield* Layer.build(
    HttpRouter.serve(healthRoutes(), { disableLogger: true, disableListenLog: true }).pipe(
      Layer.provide(layerApiServer(Setting.from([], Config.succeed(port)), (server) => server)),
      Layer.provide(Health.layer),
      Layer.provide(ConfigProvider.layer(ConfigProvider.fromUnknown(env))),
      Layer.provide(Logger.layer([log]))
    )
  )
  return { port, lines }
})

describe("an HTTP port with ROOST_HTTP_TLS_CERT", () => {
  it.live(
    "shows the certificate of now: after SIGHUP, and when its files change; one that is wrong changes nothing",
    () =>
      Effect.gen(function* () {
        const directory = yield* temporaryDirectory
        for (const name of ["one", "two"]) yield* selfSigned(directory, name)
        const files = {
          ROOST_HTTP_TLS_CERT: join(directory, "tls.pem"),
          ROOST_HTTP_TLS_KEY: join(directory, "tls.key")
        }
        const put = (name: string, ...kinds: ReadonlyArray<"pem" | "key">) => {
          for (const kind of kinds) copyFileSync(join(directory, `${name}.${kind}`), join(directory, `tls.${kind}`))
        }
        put("one", "pem", "key")
        const { lines, port } = yield* served(files)
        assert.strictEqual(yield* ask(port), "200 one")
        put("two", "pem", "key")
        process.emit("SIGHUP", "SIGHUP")
        assert.strictEqual(yield* ask(port), "200 two")
        put("one", "key")
        process.emit("SIGHUP", "SIGHUP")
        assert.strictEqual(yield* ask(port), "200 two")
        const fault = lines.find((line) => line.includes("stays"))
        assert.include(fault, `${files.ROOST_HTTP_TLS_KEY}: expected the private key of the certificate in`)
        put("one", "pem", "key")
        yield* waitUntil(Effect.map(ask(port), (answer) => answer === "200 one"))
        assert.isTrue(lines.some((line) => line.startsWith("listens for HTTP on https:")))
      })
  )

  it.live("lets in who has a certificate of ROOST_HTTP_TLS_CLIENT_CA alone, where that is set", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      for (const name of ["server", "client"]) yield* selfSigned(directory, name)
      const { port } = yield* served({
        ROOST_HTTP_TLS_CERT: join(directory, "server.pem"),
        ROOST_HTTP_TLS_KEY: join(directory, "server.key"),
        ROOST_HTTP_TLS_CLIENT_CA: join(directory, "client.pem")
      })
      const [cert, key] = ["pem", "key"].map((kind) => readFileSync(join(directory, `client.${kind}`)))
      assert.strictEqual(yield* ask(port, { cert: cert!, key: key! }), "200 server")
      assert.notStrictEqual(yield* ask(port), "200 server")
    })
  )

  it.live("names what is wrong with its files", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      for (const name of ["one", "two"]) yield* selfSigned(directory, name)
      const [cert, key, other] = ["one.pem", "one.key", "two.key"].map((name) => join(directory, name))
      const faults = (env: Record<string, string>) =>
        Effect.map(configurationFaults([HttpTls], configuredBy(env)), (found) =>
          found.map(({ text }) => text).join("\n")
        )
      assert.strictEqual(yield* faults({ ROOST_HTTP_TLS_CERT: cert!, ROOST_HTTP_TLS_KEY: key! }), "")
      assert.match(
        yield* faults({ ROOST_HTTP_TLS_CERT: cert!, ROOST_HTTP_TLS_KEY: other! }),
        /^ROOST_HTTP_TLS_KEY: expected the private key of the certificate in ROOST_HTTP_TLS_CERT; it is another's/
      )
      assert.match(yield* faults({ ROOST_HTTP_TLS_CERT: cert! }), /^ROOST_HTTP_TLS_KEY: expected the file that belongs/)
      assert.match(yield* faults({ ROOST_HTTP_TLS_CERT: key!, ROOST_HTTP_TLS_KEY: key! }), /one\.key: it is none/)
      assert.match(yield* faults({ ROOST_HTTP_TLS_CLIENT_CA: cert! }), /^ROOST_HTTP_TLS_CERT: expected the certificate/)
    })
  )
})
