import { nearestName } from "@roost/enos"
import { type HttpApi, type HttpApiGroup, OpenApi } from "effect/http-api"

/** Endpoints that are named to who asked for none: more is what `/docs` is for. */
export const nearestEndpointsMax = 4
/** Segments of a path that are looked at: what has more is no mistake in one of them. */
const segmentsMax = 12

/** An endpoint of a specification. `at` names the other service that serves it. */
export interface KnownEndpoint {
  readonly method: string
  /** As in a specification: `/v1/things/{id}:turn`. */
  readonly path: string
  readonly at: string | undefined
}

export const endpointsOf = (api: HttpApi.Constraint, at?: string): ReadonlyArray<KnownEndpoint> => {
  const { paths } = OpenApi.fromApi(api as HttpApi.HttpApi<string, HttpApiGroup.Constraint>)
  const known: Array<KnownEndpoint> = []
  for (const [path, operations] of Object.entries(paths)) {
    for (const method of Object.keys(operations)) known.push({ method: method.toUpperCase(), path, at })
  }
  return known
}

/**
 * The endpoints of `known` that were probably meant. One segment of their path, or the verb, is missing, is one too many or is
 * another. None where more than `nearestEndpointsMax` are as near: naming some would mislead.
 */
export const nearestEndpoints = (
  method: string,
  path: string,
  known: ReadonlyArray<KnownEndpoint>
): ReadonlyArray<KnownEndpoint> => {
  const words = new Set(known.flatMap((endpoint) => endpoint.path.split(/[/:]/)))
  const [whole, apart] = formsOf(path)
  const forms = [apart !== undefined && words.has(apart.at(-1)!.slice(1)) ? undefined : whole, apart].filter(isDefined)
  const found = known
    .filter((endpoint) => endpoint.method === method)
    .map((endpoint) => {
      const meant = formsOf(endpoint.path).at(-1)!
      return { endpoint, distance: Math.min(...forms.map((form) => distance(form, meant, words))) }
    })
  const least = Math.min(another, ...found.map((one) => one.distance))
  const near = found.filter((one) => one.distance === least)
  return near.length > nearestEndpointsMax ? [] : near.map(({ endpoint }) => endpoint)
}

/** Of an address that has an endpoint, but not for this: those that differ by the verb alone. */
export const nearestVerbs = (
  method: string,
  path: string,
  known: ReadonlyArray<KnownEndpoint>
): ReadonlyArray<KnownEndpoint> => {
  const [, form] = formsOf(path)
  if (form === undefined) return []
  const others = known.flatMap((endpoint) => {
    const [, template] = formsOf(endpoint.path)
    const same =
      template?.length === form.length &&
      template.every((part, i) => i === form.length - 1 || part === form[i] || part.startsWith("{"))
    return endpoint.method === method && same ? [{ endpoint, verb: template.at(-1)! }] : []
  })
  const meant = nearestName(
    form.at(-1)!,
    others.map(({ verb }) => verb)
  )
  const nearest = others.filter(({ verb }) => verb === meant)
  return (nearest.length > 0 ? nearest : others).slice(0, nearestEndpointsMax).map(({ endpoint }) => endpoint)
}

const isDefined = <A>(a: A | undefined): a is A => a !== undefined

/** `, did you mean …?`, or nothing. */
export const didYouMean = (endpoints: ReadonlyArray<KnownEndpoint>): string => {
  if (endpoints.length === 0) return ""
  const told = endpoints.map(({ at, method, path }) => `${method} ${path}${at === undefined ? "" : ` of ${at}`}`)
  return `; did you mean ${told.join(" or ")}?`
}

/** A path in its segments; where it may end in a verb, also with that apart: a device key has colons, too. */
const formsOf = (path: string): ReadonlyArray<ReadonlyArray<string>> => {
  const segments = path.split("/").filter((segment) => segment !== "")
  const [, name, verb] = /^(.+)(:[^:{}]+)$/.exec(segments.at(-1) ?? "") ?? []
  if (segments.length > segmentsMax) return []
  return name === undefined ? [segments] : [segments, [...segments.slice(0, -1), name, verb!]]
}

/** The changes that make `given` the path of a specification; see the costs below. */
const distance = (given: ReadonlyArray<string>, meant: ReadonlyArray<string>, words: ReadonlySet<string>): number => {
  let row = [0]
  for (const [j, part] of meant.entries()) row.push(row[j]! + missing(part))
  for (const segment of given) {
    const next = [row[0]! + added]
    for (const [j, part] of meant.entries()) {
      next.push(Math.min(row[j + 1]! + added, next[j]! + missing(part), row[j]! + between(segment, part, words)))
    }
    row = next
  }
  return row[meant.length]!
}

const another = 1.25
const added = 1
const nearly = 0.5
/** A parameter goes with the word before it: `/v1/devices/d1` lacks one thing, the product. */
const missing = (part: string): number => (part.startsWith("{") ? 0.25 : 0.75)

const between = (segment: string, part: string, words: ReadonlySet<string>): number => {
  if (segment === part) return 0
  // `/v1/commands` is no product of that name.
  if (part.startsWith("{")) return segment.startsWith(":") ? Infinity : words.has(segment) ? nearly : 0
  if (segment.startsWith(":") !== part.startsWith(":")) return `:${segment}` === part ? nearly : Infinity
  return segment.length < nearlyLengthMin || nearestName(segment, [part]) === undefined ? another : nearly
}

/** `:get` is no `:set` with a typing error. */
const nearlyLengthMin = 5
