import { grantsInWords, SessionToken, sessionTokenPrefix, signInCodeMillis, SignInWays } from "@roost/contracts"
import { Effect, Option, Schema } from "effect"
import { Argument, Command } from "effect/cli"
import { FetchHttpClient, HttpBody, HttpClient, HttpClientRequest } from "effect/http"
import { spawn } from "node:child_process"
import { createHash, randomBytes } from "node:crypto"
import { ofResponse, unreachable } from "../api/Unanswered.ts"
import { readContexts, writeContexts } from "../context/ContextFile.ts"
import { checkUrl, type Found, localName } from "../context/FindContext.ts"
import { ContextName } from "../context/GlobalFlags.ts"
import { attempt, Failure } from "../Failure.ts"
import { Printer } from "../output/Printer.ts"
import { listen } from "./Loopback.ts"

const context = Argument.String("context").pipe(
  Argument.withDescription("name of the context, such as prod (default: the current one)"),
  Argument.optional
)

export const loginCommand = Command.make(
  "login",
  {
    context,
    url: Argument.String("url").pipe(
      Argument.withDescription("address of its registry, where the context is a new one"),
      Argument.optional
    )
  },
  Effect.fnUntraced(function* ({ context, url }) {
    const printer = yield* Printer
    const {
      name,
      token,
      url: address
    } = yield* contextFor(
      Option.getOrUndefined(context) ?? Option.getOrUndefined(yield* ContextName),
      Option.getOrUndefined(url)
    )
    if (token !== "" && !token.startsWith(sessionTokenPrefix)) return yield* ofItsOwn(name, address)
    const found: Found = { name, url: address, token: "", from: "roost login", local: undefined }
    const { oidc } = yield* asked(found, HttpClientRequest.get("/v1/console/ways"), SignInWays)
    if (oidc === undefined) return yield* noProvider(address)

    // The browser, on the way to the registry, learns the challenge and not the verifier (RFC 7636).
    const verifier = randomBytes(32).toString("base64url")
    const state = randomBytes(32).toString("base64url")
    const session = yield* Effect.scoped(
      Effect.gen(function* () {
        const loopback = yield* listen(state)
        const begin = new URL(oidc.address)
        begin.search = new URLSearchParams({
          port: String(loopback.port),
          challenge: createHash("sha256").update(verifier).digest("base64url"),
          state
        }).toString()
        yield* printer.tell(`Sign in with ${oidc.name} in a browser on this machine:\n\n  ${begin.href}\n`)
        if (process.stderr.isTTY) openBrowser(begin.href)
        const code = yield* Effect.timeoutOrElse(loopback.code, {
          duration: signInCodeMillis,
          orElse: () => Effect.fail(tooLate(name))
        })
        const exchange = HttpClientRequest.post("/v1/console/tokens").pipe(
          HttpClientRequest.setBody(HttpBody.jsonUnsafe({ code, verifier }))
        )
        return yield* asked(found, exchange, SessionToken)
      })
    )
    yield* attempt(() => {
      const kept = readContexts(process.env)
      const contexts = { ...kept.contexts, [name]: { url: address, token: session.token } }
      writeContexts(process.env, { current: name, contexts })
    })
    const { grants, name: person } = session.principal
    yield* printer.tell(
      `You are ${person} (${grantsInWords(grants)}) at ${address} until ${new Date(session.expiresAt).toISOString()}; ${name} is the current context`
    )
  })
).pipe(
  Command.withDescription(
    "Sign in by the registry's OpenID Connect provider, in a browser on this machine, and keep the session as a context for you alone. " +
      "It ends by itself after hours; roost login begins another. Where there is no browser, use an API key: roost context add."
  ),
  Command.withShortDescription("Sign in by the OpenID Connect provider"),
  Command.withExamples([
    { command: "roost login prod https://registry.example.org", description: "The first time" },
    { command: "roost login", description: "Again, at the current context" }
  ])
)

export const logoutCommand = Command.make(
  "logout",
  { context },
  Effect.fnUntraced(function* ({ context }) {
    const printer = yield* Printer
    const { name, token, url } = yield* contextFor(
      Option.getOrUndefined(context) ?? Option.getOrUndefined(yield* ContextName),
      undefined
    )
    if (!token.startsWith(sessionTokenPrefix)) return yield* ofItsOwn(name, url)
    const out = HttpClientRequest.bearerToken(HttpClientRequest.delete("/v1/console/session"), token)
    yield* answerTo(out, { name, url, token, from: name, local: undefined })
    yield* attempt(() => {
      const { contexts, current } = readContexts(process.env)
      const rest = Object.fromEntries(Object.entries(contexts).filter(([other]) => other !== name))
      writeContexts(process.env, { contexts: rest, ...(current === undefined || current === name ? {} : { current }) })
    })
    yield* printer.tell(`The session at ${url} is over, and ${name} is forgotten`)
  })
).pipe(
  Command.withDescription("End the session of roost login at the registry, and forget its context"),
  Command.withExamples([{ command: "roost logout", description: "Of the current context" }])
)

/** The registry's answer to a request that brings its own credential, or none. */
const answerTo = (request: HttpClientRequest.HttpClientRequest, found: Found): Effect.Effect<string, Failure> =>
  Effect.gen(function* () {
    const http = yield* HttpClient.HttpClient
    const sent = HttpClientRequest.prependUrl(request, found.url)
    const response = yield* Effect.catch(http.execute(sent), (error) => unreachable(error, found.url))
    const text = yield* Effect.catch(response.text, (error) => unreachable(error, found.url))
    if (response.status >= 400) return yield* ofResponse(response, text, found)
    return text
  }).pipe(Effect.provide(FetchHttpClient.layer))

const asked = <A>(found: Found, request: HttpClientRequest.HttpClientRequest, schema: Schema.Codec<A, unknown>) => {
  const decode = Schema.decodeUnknownEffect(Schema.fromJsonString(schema))
  return Effect.flatMap(answerTo(request, found), (text) => Effect.mapError(decode(text), () => notRoost(found)))
}

/** The context that is signed in at: a new one by its address, or one that is kept. */
const contextFor = Effect.fnUntraced(function* (name: string | undefined, url: string | undefined) {
  const kept = yield* attempt(() => readContexts(process.env))
  const wanted = name ?? kept.current
  if (wanted === undefined || wanted === localName) return yield* noContext
  const known = kept.contexts[wanted]
  const address = url === undefined ? known?.url : yield* attempt(() => checkUrl(url, "URL"))
  if (address === undefined) return yield* noContext
  return { name: wanted, url: address, token: known?.token ?? "" }
})

/** Where there is a screen. The address is printed, whatever becomes of it. */
const openBrowser = (address: string): void => {
  const opener = { darwin: "open", linux: "xdg-open" }[process.platform as string]
  const hasScreen = process.platform === "darwin" || Boolean(process.env["DISPLAY"] || process.env["WAYLAND_DISPLAY"])
  if (opener === undefined || !hasScreen) return
  spawn(opener, [address], { detached: true, stdio: "ignore" })
    .on("error", () => {})
    .unref()
}

const noContext = new Failure({
  outcome: "unusable",
  what: "no context was named, or there is none of this name",
  expected: "a name and an address, or the name of a context that roost context ls shows",
  cure: "roost login prod https://registry.example.org"
})

const noProvider = (url: string): Failure =>
  new Failure({
    outcome: "conflict",
    what: `nobody signs in at ${url} by an OpenID Connect provider`,
    expected: "a registry with ROOST_OIDC_ISSUER",
    cause: "it has none, or this is the address of another service",
    cure: "use an API key: roost context add NAME URL asks for it"
  })

const ofItsOwn = (name: string, url: string): Failure =>
  new Failure({
    outcome: "conflict",
    what: `the context ${name} has a key or ROOST_API_TOKEN, no session of roost login`,
    expected: "a context that roost login made",
    cure: `roost context rm ${name} forgets it; roost login OTHER ${url} makes one beside it`
  })

const tooLate = (name: string): Failure =>
  new Failure({
    outcome: "tooLate",
    what: `nobody signed in within ${signInCodeMillis / 60_000} minutes`,
    cause: "the browser is on another machine than this command, or the page was closed",
    cure: `roost login ${name}; without a browser here, an API key: roost context add`
  })

const notRoost = ({ url }: Found): Failure =>
  new Failure({
    outcome: "noConnection",
    what: `${url} does not answer as a registry does`,
    cause: "another program has this address, or a registry of another version",
    cure: "roost context show has the address"
  })
