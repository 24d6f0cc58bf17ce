import { Effect, type Scope } from "effect"
import { createServer, type RequestListener } from "node:http"
import type { AddressInfo } from "node:net"
// @ts-expect-error It has no types of its own.
import { Provider as Untyped } from "oidc-provider"

/** The part of the library that is used. */
const Provider = Untyped as new (issuer: string, configuration: object) => { readonly callback: () => RequestListener }

/** By a person's name. They may change while the provider runs. */
export type GroupsOf = Readonly<Record<string, ReadonlyArray<string>>>

export const oidcClient = { id: "roost", secret: "a secret of 20 chars" } as const

/** A real OpenID Connect provider at a free port of 127.0.0.1. Its people are who they say they are, and its claims are at its userinfo endpoint. */
export const oidcProvider = (
  groupsOf: GroupsOf,
  redirectUri: string
): Effect.Effect<{ readonly url: string }, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const server = createServer()
      await new Promise<void>((resume) => server.listen(0, "127.0.0.1", resume))
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
      const provider = new Provider(url, {
        clients: [{ client_id: oidcClient.id, client_secret: oidcClient.secret, redirect_uris: [redirectUri] }],
        claims: { openid: ["sub"], profile: ["preferred_username", "groups"], email: ["email"] },
        pkce: { required: () => true },
        findAccount: (_: unknown, id: string) => ({
          accountId: id,
          claims: () => ({ sub: id, preferred_username: id, groups: groupsOf[id] ?? [] })
        })
      })
      server.on("request", provider.callback())
      return { server, url }
    }),
    ({ server }) =>
      Effect.sync(() => {
        server.close()
        server.closeAllConnections()
      })
  )
