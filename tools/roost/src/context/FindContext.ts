import { nearestName } from "@roost/enos"
import { Context } from "effect"
import { Failure } from "../Failure.ts"
import { contextsFile, type NamedContext, readContexts } from "./ContextFile.ts"
import { findLocalRoost, type LocalRoost } from "./LocalRoost.ts"

/** The Roost that a command is for. */
export interface Found {
  /** Of the context; `local` is the one of `npm start`. */
  readonly name: string
  readonly url: string
  readonly token: string
  /** Where address and token were found. */
  readonly from: string
  readonly local: LocalRoost | undefined
}

export class FoundContext extends Context.Service<FoundContext, Found>()("@roost/tool-roost/FoundContext") {}

export interface Asked {
  /** `--context`. */
  readonly name: string | undefined
  /** `--url`. */
  readonly url: string | undefined
}

type Environment = Readonly<Record<string, string | undefined>>

/** Of the context that `npm start` is. */
export const localName = "local"

/**
 * In this order: `--url`, `--context`, `ROOST_URL`, `ROOST_CONTEXT`, the current context, the Roost of `npm start` in this directory or
 * above it, `ROOST_API_TOKEN` with the usual port. Throws a `Failure`.
 */
export const findContext = (asked: Asked, env: Environment, cwd: string): Found => {
  const local = findLocalRoost(env, cwd)
  const url = asked.url ?? (asked.name === undefined ? env["ROOST_URL"] || undefined : undefined)
  if (url !== undefined) return byUrl(url, asked.url === undefined ? "ROOST_URL" : "--url", env, local)
  const named = asked.name ?? (env["ROOST_CONTEXT"] || undefined)
  const kept = readContexts(env)
  const name = named ?? kept.current
  if (name === localName && kept.contexts[localName] === undefined) {
    if (local === undefined) throw noLocal(cwd)
    return ofLocal(local)
  }
  if (name !== undefined) {
    const context = kept.contexts[name]
    if (context === undefined) throw unknown(name, named === undefined ? contextsFile(env) : undefined, kept.contexts)
    return ofNamed(name, context, contextsFile(env), local)
  }
  if (local !== undefined) return ofLocal(local)
  const token = env["ROOST_API_TOKEN"]
  if (token) {
    return { name: "", url: "http://127.0.0.1:8080", token, from: "ROOST_API_TOKEN", local }
  }
  throw nothing(cwd)
}

const ofNamed = (name: string, context: NamedContext, file: string, local: LocalRoost | undefined): Found => ({
  name,
  ...context,
  from: file,
  local
})

const ofLocal = (local: LocalRoost): Found => ({
  name: localName,
  url: local.url,
  token: local.token,
  from: local.folder,
  local
})

/** The token of an address: `ROOST_API_TOKEN`, or that of the context or local Roost which has this address. */
const byUrl = (text: string, by: string, env: Environment, local: LocalRoost | undefined): Found => {
  const url = checkUrl(text, by)
  const token = env["ROOST_API_TOKEN"]
  if (token) return { name: "", url, token, from: `${by}, ROOST_API_TOKEN`, local }
  if (local?.url === url) return ofLocal(local)
  const known = Object.entries(readContexts(env).contexts).find(([, context]) => context.url === url)
  if (known !== undefined) return ofNamed(known[0], known[1], contextsFile(env), local)
  throw new Failure({
    outcome: "unusable",
    what: `no token is known for ${url} (${by})`,
    expected: "ROOST_API_TOKEN in the environment, or a context with this address",
    cure: `ROOST_API_TOKEN=… roost …, or roost context add NAME ${url}`
  })
}

/** Without a slash at its end. Throws a `Failure`. */
export const checkUrl = (text: string, by: string): string => {
  const url = URL.parse(text)
  if (url !== null && /^https?:$/.test(url.protocol) && url.username === "" && url.search === "") {
    return text.replace(/\/+$/, "")
  }
  throw new Failure({
    outcome: "unusable",
    what: `${by}: ${JSON.stringify(text)} is no address of a registry`,
    expected: "http:// or https://, a host, and a port where it is another than 80 or 443",
    cause: causeOf(text, url),
    cure: `such as http://127.0.0.1:8080`
  })
}

/** `localhost:8080` is an address of the scheme `localhost:`, to who reads it as one. */
const causeOf = (text: string, url: URL | null): string | undefined => {
  if (url === null) return /^[a-z]+:\/\//i.test(text) ? undefined : "the scheme is missing"
  if (url.username !== "") return "a login stands in it: Roost has tokens"
  if (/^https?:$/.test(url.protocol)) return url.search === "" ? undefined : "a question mark stands in it"
  return text.includes("//") ? `${url.protocol}// is of another protocol` : "the scheme is missing"
}

const unknown = (name: string, file: string | undefined, contexts: Readonly<Record<string, unknown>>): Failure => {
  const known = [...Object.keys(contexts), localName]
  const nearest = nearestName(name, known)
  return new Failure({
    outcome: "unusable",
    what: `there is no context ${JSON.stringify(name)}${file === undefined ? "" : `, which is the current one of ${file}`}`,
    expected: `one of ${known.join(", ")}`,
    cure: nearest === undefined ? "roost context ls; roost context add makes one" : `did you mean ${nearest}?`
  })
}

const noLocal = (cwd: string): Failure =>
  new Failure({
    outcome: "unusable",
    what: `there is no .roost in ${cwd} or above it`,
    expected: "the data directory of npm start, for the context local",
    cure: "run npm start there, set ROOST_DATA_DIR, or choose another context: roost context ls"
  })

const nothing = (cwd: string): Failure =>
  new Failure({
    outcome: "unusable",
    what: "no Roost is known",
    expected: `a context, ROOST_URL and ROOST_API_TOKEN, or a .roost of npm start in ${cwd} or above it`,
    cure: "roost context add prod https://registry.example.org asks for its token; npm start starts one on this machine"
  })
