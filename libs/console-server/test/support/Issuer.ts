import { Effect } from "effect"
import { createSign, generateKeyPairSync, type KeyObject } from "node:crypto"
import { createServer, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"

/** How an issuer that is under a test's hands answers; each member is what an honest one says unless it is set. */
export interface Ways {
  /** Beside those of the ID token of an honest issuer, or in their place. */
  claims: Readonly<Record<string, unknown>>
  /** The ID token as it is sent. */
  idToken: ((honest: string) => string) | undefined
  metadata: Readonly<Record<string, unknown>>
  userinfo: Readonly<Record<string, unknown>> | undefined
  /** The answer of the token endpoint; undefined: tokens. */
  token: { readonly status: number; readonly body: string } | undefined
  /** Signs in place of the key that it publishes. */
  key: KeyObject | undefined
}

const pair = generateKeyPairSync("rsa", { modulusLength: 2048 })
export const strangersKey = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey

/** An OpenID Connect issuer that lies where it is told to. It redirects nobody: tests bring the code themselves. */
export const lyingIssuer = Effect.acquireRelease(
  Effect.promise(async () => {
    const ways: Ways = {
      claims: {},
      idToken: undefined,
      metadata: {},
      userinfo: undefined,
      token: undefined,
      key: undefined
    }
    const asked: Array<{ readonly path: string; readonly body: string; readonly authorization: string | undefined }> =
      []
    /** By code: the nonce of who began. */
    const nonces = new Map<string, string>()
    const server = createServer(async (request, response) => {
      let body = ""
      for await (const chunk of request) body += String(chunk)
      const path = request.url!.split("?")[0]!
      asked.push({ path, body, authorization: request.headers.authorization })
      if (path === "/.well-known/openid-configuration") {
        return json(response, 200, {
          issuer: url,
          authorization_endpoint: `${url}/authorize`,
          token_endpoint: `${url}/token`,
          jwks_uri: `${url}/jwks`,
          userinfo_endpoint: `${url}/me`,
          ...ways.metadata
        })
      }
      if (path === "/jwks") {
        return json(response, 200, { keys: [{ ...pair.publicKey.export({ format: "jwk" }), alg: "RS256", kid: "1" }] })
      }
      if (path === "/me") return json(response, 200, ways.userinfo ?? { sub: "ada" })
      if (path !== "/token") return json(response, 404, {})
      if (ways.token !== undefined) return json(response, ways.token.status, ways.token.body)
      const code = new URLSearchParams(body).get("code") ?? ""
      const nonce = nonces.get(code)
      // Once, as RFC 6749 §4.1.2 wants it.
      if (!nonces.delete(code)) return json(response, 400, { error: "invalid_grant" })
      const now = Math.floor(Date.now() / 1_000)
      const honest = { iss: url, aud: "roost", sub: "ada", exp: now + 300, iat: now, nonce, groups: ["ops"] }
      const idToken = signed({ ...honest, ...ways.claims }, ways.key ?? pair.privateKey)
      json(response, 200, {
        access_token: "a",
        token_type: "Bearer",
        id_token: ways.idToken?.(idToken) ?? idToken
      })
    })
    await new Promise<void>((resume) => server.listen(0, "127.0.0.1", resume))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    return { asked, nonces, server, url, ways }
  }),
  ({ server }) =>
    Effect.sync(() => {
      server.close()
      server.closeAllConnections()
    })
)

const json = (response: ServerResponse, status: number, body: unknown): void => {
  response.writeHead(status, { "content-type": "application/json" })
  response.end(typeof body === "string" ? body : JSON.stringify(body))
}

const signed = (claims: object, key: KeyObject): string => {
  const text = [{ alg: "RS256", kid: "1" }, claims].map(part).join(".")
  return `${text}.${createSign("RSA-SHA256").update(text).sign(key, "base64url")}`
}

export const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url")
