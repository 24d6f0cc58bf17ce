import { assert, describe, it } from "@effect/vitest"
import { layerHttpServerTest, temporaryDirectory } from "@roost/testkit"
import { Effect, Layer, Logger } from "effect"
import { HttpClient, HttpClientRequest, HttpRouter } from "effect/http"
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { brotliCompressSync, gzipSync } from "node:zlib"
import { layerConsoleFiles } from "../src/index.ts"

const script = "console.log('roost')".repeat(100)

/** As the router of the console has them. */
const routes = [
  ...readFileSync(new URL("../../../apps/console/src/app/routes.tsx", import.meta.url), "utf8").matchAll(
    /^ {2}path: "([^"]+)"/gm
  )
].map(([, path]) => path!)

const built = Effect.map(temporaryDirectory, (directory) => {
  const folder = join(directory, "dist")
  mkdirSync(join(folder, "assets"), { recursive: true })
  writeFileSync(join(folder, "index.html"), "<!doctype html><title>Roost</title>")
  for (const [suffix, bytes] of [
    ["", Buffer.from(script)],
    [".br", brotliCompressSync(script)],
    [".gz", gzipSync(script)]
  ] as const) {
    writeFileSync(join(folder, `assets/main-1a2b.js${suffix}`), bytes)
  }
  writeFileSync(join(directory, "outside.txt"), "not for everybody")
  return folder
})

const get = (path: string, headers: Readonly<Record<string, string>> = {}) =>
  HttpClientRequest.get(path).pipe(
    HttpClientRequest.setHeaders(headers),
    HttpClient.execute,
    Effect.flatMap((response) =>
      Effect.map(response.text, (text) => ({ status: response.status, headers: response.headers, text }))
    )
  )

const serving = (folder: string) =>
  HttpRouter.serve(layerConsoleFiles(folder), { disableLogger: true, disableListenLog: true }).pipe(
    Layer.provideMerge(layerHttpServerTest),
    Layer.provide(Logger.layer([]))
  )

describe("the files of the console", () => {
  it.live("come in the smallest form that the browser takes, for ever where their name has a digest", () =>
    Effect.gen(function* () {
      const folder = yield* built
      yield* Effect.gen(function* () {
        const path = "/assets/main-1a2b.js"
        for (const [accepted, encoding] of [
          ["gzip, deflate, br", "br"],
          ["gzip", "gzip"],
          ["br;q=0, gzip", "gzip"],
          ["identity", undefined]
        ] as const) {
          const { headers, status, text } = yield* get(path, { "accept-encoding": accepted })
          assert.strictEqual(status, 200)
          assert.strictEqual(headers["content-encoding"], encoding)
          assert.strictEqual(headers["content-type"], "text/javascript; charset=utf-8")
          assert.match(String(headers["cache-control"]), /immutable/)
          assert.strictEqual(headers["vary"], "Accept-Encoding")
          // The client of the test unpacks what it is told is packed.
          assert.strictEqual(text, script)
        }
      }).pipe(Effect.provide(serving(folder)))
    })
  )

  it.live(
    "are a page at every address of the console, under a policy without inline scripts, and nothing elsewhere",
    () =>
      Effect.gen(function* () {
        const folder = yield* built
        yield* Effect.gen(function* () {
          assert.include(routes, "/sinks")
          for (const path of [...routes, "/devices/pk/a%2Fb?tab=log"]) {
            const { headers, status, text } = yield* get(path)
            assert.strictEqual(status, 200, path)
            assert.include(text, "<title>Roost</title>")
            assert.strictEqual(headers["cache-control"], "no-cache")
            assert.match(String(headers["content-security-policy"]), /default-src 'none'; script-src 'self';/)
            assert.strictEqual(headers["x-content-type-options"], "nosniff")
          }
          const outside = [
            "/v1/nothing",
            "/nothing",
            "/assets/other.js",
            "/assets",
            "/..%2foutside.txt",
            "/assets/..%2f..%2foutside.txt"
          ]
          for (const path of outside) assert.strictEqual((yield* get(path)).status, 404, path)
        }).pipe(Effect.provide(serving(folder)))
      })
  )

  it.live("say how they are built where they are not, and leave the API alone", () =>
    Effect.gen(function* () {
      yield* Effect.gen(function* () {
        const { status, text } = yield* get("/")
        assert.strictEqual(status, 503)
        assert.include(text, "npx nx build console")
        assert.strictEqual((yield* get("/v1/nothing")).status, 404)
      }).pipe(Effect.provide(serving("/nowhere")))
    })
  )
})
