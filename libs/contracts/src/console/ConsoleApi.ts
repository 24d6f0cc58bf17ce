import * as Schema from "effect/Schema"
import { HttpApi, HttpApiEndpoint, HttpApiError, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { allow, everyRole } from "../access/AccessRule.ts"
import { Principal } from "../access/Principal.ts"
import { AccountName, passwordLengthMax } from "../access/Account.ts"
import { Authorization, TooManyRequests } from "../http/Authorization.ts"
import { describe } from "../http/EndpointParts.ts"
import { linked } from "../http/Linked.ts"
import { RequestRules, TemporarilyUnavailable } from "../http/RequestProblems.ts"
import { requestParseOptions } from "../http/StrictApi.ts"

/** How long a code of `POST /v1/console/codes` signs in, once. Milliseconds. */
export const signInCodeMillis = 600_000

/** How long who signed in stays so. Milliseconds. */
export const consoleSessionMillis = 12 * 3_600_000

/** The password, the code or the token is not one that signs in. */
export class SignInRefused extends HttpApiError.Problem<SignInRefused>()(
  "SignInRefused",
  {
    type: "urn:roost:problem:sign-in-refused",
    status: 401,
    title: "This signs nobody in."
  },
  linked("sign-in-refused")
) {}

/** Nobody is signed in by this request's cookie. */
export class NotSignedIn extends HttpApiError.Problem<NotSignedIn>()(
  "NotSignedIn",
  {
    type: "urn:roost:problem:not-signed-in",
    status: 401,
    title: "Nobody is signed in."
  },
  linked("not-signed-in")
) {}

/** A page of another site asks for a change in the name of who is signed in. */
export class ForeignOrigin extends HttpApiError.Problem<ForeignOrigin>()(
  "ForeignOrigin",
  {
    type: "urn:roost:problem:foreign-origin",
    status: 403,
    title: "A page of another site may change nothing."
  },
  linked("foreign-origin")
) {}

const expiresAt = Schema.Finite.annotate({ description: "Milliseconds since 1970." })
const secretText = Schema.String.check(
  Schema.isPattern(/^[\x21-\x7e]{1,512}$/u, { message: "expected 1–512 visible ASCII" })
)

export const SignInCode = Schema.Struct({ code: Schema.String, expiresAt }).annotate({ identifier: "SignInCode" })
export type SignInCode = typeof SignInCode.Type

export const SignIn = Schema.Union([
  Schema.Struct({ code: secretText }).annotate({ identifier: "SignInByCode" }),
  Schema.Struct({ token: secretText }).annotate({ identifier: "SignInByToken" }),
  Schema.Struct({ name: AccountName, password: Schema.String.check(Schema.isMaxLength(passwordLengthMax)) }).annotate({
    identifier: "SignInByPassword"
  })
]).annotate({ identifier: "SignIn" })
export type SignIn = typeof SignIn.Type

export const ConsoleSession = Schema.Struct({ expiresAt, principal: Principal }).annotate({
  identifier: "ConsoleSession"
})
export type ConsoleSession = typeof ConsoleSession.Type

/** How people may sign in beside account and token. */
export const SignInWays = Schema.Struct({
  oidc: Schema.optionalKey(
    Schema.Struct({
      name: Schema.String.annotate({ description: "What people call the OpenID Connect provider." }),
      address: Schema.String.annotate({ description: "Where a browser begins to sign in by it." })
    })
  )
}).annotate({ identifier: "SignInWays" })

/** With it begin the tokens of people's sessions; those of keys have an id in its place. */
export const sessionTokenPrefix = "roost_session_"

/** RFC 7636 §4.1 has 43 to 128 characters. */
export const SignInExchange = Schema.Struct({
  code: secretText,
  verifier: Schema.String.check(
    Schema.isPattern(/^[A-Za-z0-9._~-]{43,128}$/u, { message: "expected a verifier of PKCE, 43–128 characters" })
  )
}).annotate({ identifier: "SignInExchange" })

export const SessionToken = Schema.Struct({ token: Schema.String, ...ConsoleSession.fields }).annotate({
  identifier: "SessionToken"
})

const session = "/v1/console/session"

const Codes = HttpApiGroup.make("codes")
  .add(
    HttpApiEndpoint.post("createSignInCode", "/v1/console/codes", {
      success: SignInCode.pipe(HttpApiSchema.status(201))
    })
      .annotateMerge(
        describe(
          "Make a code that signs its maker in at the console",
          `Once, within ${signInCodeMillis / 60_000} minutes: the console reads it from \`/sign-in#code=…\`.`
        )
      )
      .annotateMerge(allow(everyRole, "none"))
  )
  .middleware(RequestRules)
  .middleware(Authorization)

/** A person who signs in has no session yet, so these need none. */
const Sessions = HttpApiGroup.make("sessions")
  .add(
    HttpApiEndpoint.post("signIn", session, {
      payload: SignIn,
      success: ConsoleSession.pipe(HttpApiSchema.status(201)),
      error: [SignInRefused, TooManyRequests, ForeignOrigin, TemporarilyUnavailable]
    }).annotateMerge(
      describe(
        "Sign in by name and password, a code, or the token",
        "The answer sets the cookie that later calls carry."
      )
    ),
    HttpApiEndpoint.get("getSignInWays", "/v1/console/ways", { success: SignInWays }).annotateMerge(
      describe("The ways to sign in beside account and token")
    ),
    HttpApiEndpoint.post("exchangeSignInCode", "/v1/console/tokens", {
      payload: SignInExchange,
      success: SessionToken.pipe(HttpApiSchema.status(201)),
      error: [SignInRefused, TemporarilyUnavailable]
    }).annotateMerge(
      describe(
        "Exchange the code that `roost login` got for a token",
        "It goes behind `Authorization: Bearer`, until the session ends or `DELETE /v1/console/session` comes with it."
      )
    ),
    HttpApiEndpoint.get("getSession", session, { success: ConsoleSession, error: NotSignedIn }).annotateMerge(
      describe("Who is signed in, and until when")
    ),
    HttpApiEndpoint.delete("signOut", session, {
      success: HttpApiSchema.NoContent,
      error: ForeignOrigin
    }).annotateMerge(describe("Sign out", "The cookie is good for nothing from then on, whoever has a copy of it."))
  )
  .middleware(RequestRules)

/** How a browser comes to the registry's API: signing in and out. Beside `RegistryApi`, on its port. */
export const ConsoleApi = HttpApi.make("console")
  .add(Codes)
  .add(Sessions)
  .annotate(HttpApi.PayloadParseOptions, requestParseOptions)
  .annotateMerge(OpenApi.annotations({ title: "Roost console", version: "1" }))
