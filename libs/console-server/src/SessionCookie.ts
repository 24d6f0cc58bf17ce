import { sessionTokenPrefix } from "@roost/contracts"
import { type HttpServerRequest, HttpServerResponse } from "effect/http"
import type { Ticket } from "./ConsoleSessions.ts"

type Request = HttpServerRequest.HttpServerRequest

/** The secret in the cookie of this address; browsers keep cookies of all ports of a host together, so the name has the port. */
export const sessionSecretOf = (request: Request): string | undefined => request.cookies[nameFor(request)]

/** The session of `roost`, which has no cookies, as a bearer token. */
export const bearerSecretOf = ({ headers }: Request): string | undefined => {
  const token = /^bearer +(\S+)$/i.exec(headers["authorization"] ?? "")?.[1]
  return token?.startsWith(sessionTokenPrefix) === true ? token.slice(sessionTokenPrefix.length) : undefined
}

export const withSession = (
  response: HttpServerResponse.HttpServerResponse,
  request: Request,
  { millis, secret }: Pick<Ticket, "millis" | "secret">,
  isSecure?: boolean
): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.setCookieUnsafe(response, nameFor(request), secret, {
    ...attributesFor(request),
    ...(isSecure !== undefined && { secure: isSecure }),
    maxAge: millis
  })

export const withoutSession = (
  response: HttpServerResponse.HttpServerResponse,
  request: Request
): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.expireCookieUnsafe(response, nameFor(request), attributesFor(request))

/** A browser says with every change which site's page asks for it (Fetch Standard, `Origin`); tools say nothing, and have no cookie. */
export const isOwnOrigin = ({ headers, method }: Request): boolean => {
  if (method === "GET" || method === "HEAD") return true
  const { host, origin } = headers
  return host !== undefined && origin !== undefined && hostOf(origin) === host.toLowerCase()
}

const hostOf = (origin: string): string | undefined => {
  const hierarchical = /^https?:\/\/([^/]+)$/i.exec(origin)
  return hierarchical?.[1]?.toLowerCase()
}

const nameFor = ({ headers }: Request): string => `roost-console-${/:(\d+)$/.exec(headers["host"] ?? "")?.[1] ?? "web"}`

/** `Secure` where the browser came by https, whatever is between it and here. */
const attributesFor = ({ headers }: Request) => ({
  httpOnly: true,
  sameSite: "strict" as const,
  path: "/",
  secure: /^https:/i.test(headers["origin"] ?? "")
})
