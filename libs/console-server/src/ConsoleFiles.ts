import { Setting } from "@roost/contracts"
import { Config, Effect, Layer, Result } from "effect"
import { HttpRouter, HttpServerError, HttpServerRequest, HttpServerResponse, HttpStaticServer } from "effect/http"
import { readdirSync } from "node:fs"
import { extname } from "node:path"

/** Where the console's files are, which `nx build console` makes. */
export const ConsoleFolder = Setting.optional(
  "ROOST_CONSOLE_DIR",
  "folder of the console's files",
  Config.NonEmptyString,
  { otherwise: "`console` beside the bundle, or `apps/console/dist`" }
)

/**
 * The console's pages under `/`, of what stands in `folder`; where nothing does, a page that says how it is built. The build has
 * compressed each file, and the browser gets the smallest form that it takes. Paths of the API are not touched, nor are unknown ones.
 */
export const layerConsoleFiles = (folder: string) =>
  Layer.unwrap(
    Effect.gen(function* () {
      const serve = yield* HttpStaticServer.make({ root: folder })
      let files = filesOf(folder)
      return routed((request) => {
        const path = pathOf(request)
        const file = isPage(path) ? page : path.slice(1)
        // `npm start` builds them while the registry starts.
        if (file === page && !files.has(page)) files = filesOf(folder)
        if (!files.has(file)) return file === page ? Effect.succeed(notBuilt) : nothing(request)
        const encoding = encodings.find(({ name, suffix }) => accepts(request, name) && files.has(`${file}${suffix}`))
        return serve.pipe(
          Effect.provideService(
            HttpServerRequest.HttpServerRequest,
            request.modify({ url: `/${file}${encoding?.suffix ?? ""}` })
          ),
          Effect.map(HttpServerResponse.setHeaders(headersOf(file, encoding?.name)))
        )
      })
    })
  )

type Handler = (
  request: HttpServerRequest.HttpServerRequest
) => Effect.Effect<
  HttpServerResponse.HttpServerResponse,
  HttpServerError.HttpServerError,
  HttpServerRequest.HttpServerRequest
>

/** By every method, so that no table of routes has it: what is no page answers as if this were not here. */
const routed = (handler: Handler) =>
  HttpRouter.add("*", "/*", (request: HttpServerRequest.HttpServerRequest) =>
    request.method === "GET" || request.method === "HEAD" ? handler(request) : nothing(request)
  )

const page = "index.html"
const encodings = [
  { name: "br", suffix: ".br" },
  { name: "gzip", suffix: ".gz" }
] as const

/** The first segments of the console's own addresses: each is answered with its one page, which reads the rest. */
const pageSegments: ReadonlySet<string> = new Set([
  "",
  "sign-in",
  "devices",
  "products",
  "recordings",
  "strangers",
  "webhooks",
  "sinks",
  "cluster",
  "access",
  "audit"
])

const isPage = (path: string): boolean => pageSegments.has(path.split("/", 2)[1] ?? "")

const pathOf = ({ url }: HttpServerRequest.HttpServerRequest): string => url.split(/[?#]/, 1)[0]!

const nothing = (request: HttpServerRequest.HttpServerRequest) =>
  Effect.fail(new HttpServerError.HttpServerError({ reason: new HttpServerError.RouteNotFound({ request }) }))

const filesOf = (folder: string): ReadonlySet<string> =>
  new Set(
    Result.getOrElse(
      Result.try(() => readdirSync(folder, { recursive: true, encoding: "utf8" })),
      () => []
    ).map((name) => name.replaceAll("\\", "/"))
  )

/** RFC 9110 §12.5.3, as far as browsers use it: `br;q=0` is a no. */
const accepts = ({ headers }: HttpServerRequest.HttpServerRequest, encoding: string): boolean =>
  (headers["accept-encoding"] ?? "").split(",").some((item) => {
    const [name = "", ...parameters] = item.split(";").map((part) => part.trim().toLowerCase())
    return name === encoding && !parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter))
  })

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml; charset=utf-8"
}

/** Names in `assets/` have a digest of what they hold. */
const headersOf = (file: string, encoding: string | undefined): Readonly<Record<string, string>> => ({
  ...security,
  "content-type": types[extname(file)] ?? "application/octet-stream",
  "cache-control": file.startsWith("assets/") ? "public, max-age=31536000, immutable" : "no-cache",
  vary: "Accept-Encoding",
  ...(encoding === undefined ? {} : { "content-encoding": encoding })
})

/**
 * Nothing from elsewhere, no script but the built ones, in no frame. Styles may be inline: the component library sets its variables so.
 */
const security = {
  "content-security-policy": [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'"
  ].join("; "),
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin"
} as const

const notBuilt = HttpServerResponse.text(
  `<!doctype html><html lang="en"><meta charset="utf-8"><title>Roost</title><h1>The console is not built</h1>
<p>Build it with <code>npx nx build console</code> and start the registry again. The API works without it: <a href="/docs">/docs</a>.</p></html>
`,
  { status: 503, contentType: "text/html; charset=utf-8", headers: security }
)
