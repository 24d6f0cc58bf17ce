import { Effect, Redacted, Semaphore } from "effect"
import * as client from "openid-client"
import type { Claims } from "./ClaimedRoles.ts"
import { answerBytesMax, answerSecondsMax, clockToleranceSeconds } from "./OidcLimits.ts"
import type { Oidc } from "./OidcSetting.ts"
import { redirectUriOf } from "./OidcSetting.ts"
import { type OidcRefusal, otherIssuer, refusalOf } from "./OidcRefusal.ts"

/** The provider's metadata are asked for again after this time; after a failure, after the other. Milliseconds. */
const metadataMillisMax = 3_600_000
const metadataRetryMillis = 5_000
/** Codes that are exchanged at once; of more, those that wait, and those that are refused. */
const exchangesAtOnceMax = 8
const exchangesWaitingMax = 64

/** A sign-in as it was begun. */
export interface Begun {
  readonly state: string
  readonly nonce: string
  readonly verifier: string
}

/**
 * The provider, to which this registry is a client. It is asked for its metadata when somebody signs in, not at the start: one that is away
 * keeps no registry from serving. `now`: milliseconds, monotonic.
 */
export class OidcIssuer {
  readonly #oidc: Oidc
  readonly #now: () => number
  readonly #discovering = Semaphore.makeUnsafe(1)
  readonly #exchanging = Semaphore.makeUnsafe(exchangesAtOnceMax)
  #waiting = 0
  #known: { readonly configuration: client.Configuration; readonly until: number } | undefined
  #failed: { readonly refusal: OidcRefusal; readonly until: number } | undefined

  constructor(oidc: Oidc, now: () => number = () => performance.now()) {
    this.#oidc = oidc
    this.#now = now
  }

  /** Where the browser goes to sign in. */
  addressOf({ nonce, state, verifier }: Begun): Effect.Effect<URL, OidcRefusal> {
    return Effect.flatMap(this.#configuration, (configuration) =>
      Effect.promise(async () =>
        client.buildAuthorizationUrl(configuration, {
          redirect_uri: redirectUriOf(this.#oidc).href,
          scope: this.#oidc.scopes,
          state,
          nonce,
          code_challenge: await client.calculatePKCECodeChallenge(verifier),
          code_challenge_method: "S256"
        })
      )
    )
  }

  /** The claims about the person who came back, by the query that the browser brought. Signature, issuer, audience, nonce and times hold. */
  claimsOf(
    { nonce, state, verifier }: Begun,
    query: string
  ): Effect.Effect<Claims & { sub: string; iss: string }, OidcRefusal> {
    const address = redirectUriOf(this.#oidc)
    address.search = query
    const exchange = Effect.flatMap(this.#configuration, (configuration) =>
      Effect.tryPromise({
        try: async () => {
          const tokens = await client.authorizationCodeGrant(configuration, address, {
            pkceCodeVerifier: verifier,
            expectedState: state,
            expectedNonce: nonce,
            idTokenExpected: true
          })
          const claims = tokens.claims()!
          const [first = ""] = this.#oidc.claim.split(".")
          if (Object.hasOwn(claims, this.#oidc.claim) || Object.hasOwn(claims, first)) return claims
          // Some providers keep groups out of ID tokens.
          if (configuration.serverMetadata().userinfo_endpoint === undefined) return claims
          return { ...(await client.fetchUserInfo(configuration, tokens.access_token, claims.sub)), ...claims }
        },
        catch: (error) => refusalOf(error, this.#oidc.issuer.href)
      })
    )
    return Effect.suspend(() => {
      if (this.#waiting >= exchangesWaitingMax) return Effect.fail(busy)
      this.#waiting++
      return this.#exchanging
        .withPermits(1)(exchange)
        .pipe(Effect.ensuring(Effect.sync(() => void this.#waiting--)))
    })
  }

  get #configuration(): Effect.Effect<client.Configuration, OidcRefusal> {
    return Effect.suspend(() => {
      const fresh = this.#fresh
      return fresh === undefined ? this.#discovering.withPermits(1)(this.#discovered) : Effect.succeed(fresh)
    })
  }

  get #fresh(): client.Configuration | undefined {
    return this.#known !== undefined && this.#now() < this.#known.until ? this.#known.configuration : undefined
  }

  get #discovered(): Effect.Effect<client.Configuration, OidcRefusal> {
    return Effect.suspend(() => {
      // Somebody before in the queue may have asked.
      const fresh = this.#fresh
      if (fresh !== undefined) return Effect.succeed(fresh)
      if (this.#failed !== undefined && this.#now() < this.#failed.until) return Effect.fail(this.#failed.refusal)
      return Effect.tryPromise({
        try: () => discover(this.#oidc),
        catch: (error) => refusalOf(error, this.#oidc.issuer.href)
      }).pipe(
        Effect.flatMap((configuration) => {
          // The library takes Entra's issuer of every tenant, whose people would come with groups of their own making.
          const named = configuration.serverMetadata().issuer
          const { href } = this.#oidc.issuer
          return URL.parse(named)?.href === href ? Effect.succeed(configuration) : Effect.fail(otherIssuer(named, href))
        }),
        Effect.tap((configuration) =>
          Effect.sync(() => {
            this.#known = { configuration, until: this.#now() + metadataMillisMax }
          })
        ),
        Effect.catch((refusal) => {
          const until = this.#now() + metadataRetryMillis
          this.#failed = { refusal, until }
          if (this.#known === undefined) return Effect.fail(refusal)
          // The metadata of an hour ago are likely true still.
          this.#known = { ...this.#known, until }
          return Effect.succeed(this.#known.configuration)
        })
      )
    })
  }
}

const busy: OidcRefusal = {
  kind: "busy",
  came: `more than ${exchangesWaitingMax} sign-ins at once`,
  expected: "fewer",
  cause: "many people sign in at this moment, or somebody makes it look so",
  cure: "Try again in a moment."
}

const discover = (oidc: Oidc): Promise<client.Configuration> => {
  const { clientAuth, clientId, clientSecret, issuer } = oidc
  const secret = clientSecret === undefined ? undefined : Redacted.value(clientSecret)
  const byMethod = clientAuth === "basic" ? client.ClientSecretBasic : client.ClientSecretPost
  return client.discovery(
    issuer,
    clientId,
    { [client.clockTolerance]: clockToleranceSeconds },
    secret === undefined ? client.None() : byMethod(secret),
    {
      timeout: answerSecondsMax,
      [client.customFetch]: fetchBounded,
      execute: [
        // TLS to the provider would do (OpenID Connect Core, section 3.1.3.7); a proxy between that ends it would not.
        client.enableNonRepudiationChecks,
        ...(issuer.protocol === "http:" ? [client.allowInsecureRequests] : [])
      ]
    }
  )
}

/** Reads no more than may be, whatever the length that is said. */
const fetchBounded: client.CustomFetch = async (url, options) => {
  const { body, headers, ok: _, status } = await fetch(url, options as RequestInit)
  const chunks: Array<Uint8Array> = []
  let bytes = 0
  for await (const chunk of body ?? []) {
    bytes += chunk.length
    if (bytes > answerBytesMax) throw new Error(`${url} answers more than ${answerBytesMax} bytes`)
    chunks.push(chunk)
  }
  return new Response(chunks.length === 0 ? null : Buffer.concat(chunks), { status, headers })
}
