import * as Schema from "effect/Schema"
import { HttpApiEndpoint, HttpApiError, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { TooManyRequests } from "../http/Authorization.ts"
import { describe } from "../http/EndpointParts.ts"
import { TemporarilyUnavailable } from "../http/RequestProblems.ts"
import { linked } from "../http/Linked.ts"
import { MadeUpId } from "../http/Texts.ts"
import { allow, everyRole } from "./AccessRule.ts"
import {
  Account,
  AccountChange,
  AccountName,
  AccountWithPassword,
  accountsMax,
  NewAccount,
  NewPassword,
  PasswordChange
} from "./Account.ts"
import { ApiKey, ApiKeyRotation, apiKeysMax, ApiKeyWithSecret, NewApiKey } from "./ApiKey.ts"
import { Principal } from "./Principal.ts"

export class NoSuchApiKey extends HttpApiError.Problem<NoSuchApiKey>()(
  "NoSuchApiKey",
  { type: "urn:roost:problem:no-such-api-key", status: 404, title: "There is no such API key." },
  linked("no-such-api-key")
) {}

export class TooManyApiKeys extends HttpApiError.Problem<TooManyApiKeys>()(
  "TooManyApiKeys",
  { type: "urn:roost:problem:too-many-api-keys", status: 409, title: "There are as many API keys as may be." },
  { ...linked("too-many-api-keys"), max: Schema.Int }
) {}

export class NoSuchAccount extends HttpApiError.Problem<NoSuchAccount>()(
  "NoSuchAccount",
  { type: "urn:roost:problem:no-such-account", status: 404, title: "There is no such account." },
  linked("no-such-account")
) {}

/** The name is taken, or there are as many accounts as may be. */
export class AccountRefused extends HttpApiError.Problem<AccountRefused>()(
  "AccountRefused",
  { type: "urn:roost:problem:account-refused", status: 409, title: "The account can't be made." },
  linked("account-refused")
) {}

/** The current password is another one, or the caller has none. */
export class WrongPassword extends HttpApiError.Problem<WrongPassword>()(
  "WrongPassword",
  { type: "urn:roost:problem:wrong-password", status: 409, title: "The password was not changed." },
  linked("wrong-password")
) {}

const key = { keyId: MadeUpId }
const account = { name: AccountName }

export const Access = HttpApiGroup.make("access")
  .add(
    HttpApiEndpoint.get("whoAmI", "/v1/access/me", { success: Principal })
      .annotateMerge(describe("Who makes this request, and what they may do", "By the credential that came with it."))
      .annotateMerge(allow(everyRole, "none")),
    HttpApiEndpoint.post("createApiKey", "/v1/access/keys", {
      payload: NewApiKey,
      success: ApiKeyWithSecret.pipe(HttpApiSchema.status(201)),
      error: TooManyApiKeys
    })
      .annotateMerge(
        describe(
          "Make an API key",
          `The secret in the answer is not told again; its SHA-256 is stored. There are ${apiKeysMax} at most.`
        )
      )
      .annotateMerge(allow([], "none")),
    HttpApiEndpoint.get("listApiKeys", "/v1/access/keys", {
      success: Schema.Struct({ keys: Schema.Array(ApiKey) })
    })
      .annotateMerge(describe("List API keys, oldest first", "All of them, without their secrets."))
      .annotateMerge(allow([], "none")),
    HttpApiEndpoint.get("getApiKey", "/v1/access/keys/:keyId", { params: key, success: ApiKey, error: NoSuchApiKey })
      .annotateMerge(describe("Read an API key", "Without its secret."))
      .annotateMerge(allow([], "none")),
    HttpApiEndpoint.post("rotateApiKey", "/v1/access/keys/:keyId:rotate", {
      params: key,
      payload: ApiKeyRotation,
      success: ApiKeyWithSecret,
      error: NoSuchApiKey
    })
      .annotateMerge(
        describe(
          "Give an API key another secret",
          "The former one is good for `graceSeconds` more, the one before that no longer."
        )
      )
      .annotateMerge(allow([], "none")),
    HttpApiEndpoint.delete("revokeApiKey", "/v1/access/keys/:keyId", {
      params: key,
      success: HttpApiSchema.NoContent,
      error: NoSuchApiKey
    })
      .annotateMerge(describe("Revoke an API key", "It is good for nothing at every instance some seconds later."))
      .annotateMerge(allow([], "none")),
    HttpApiEndpoint.post("createAccount", "/v1/access/accounts", {
      payload: NewAccount,
      success: AccountWithPassword.pipe(HttpApiSchema.status(201)),
      error: AccountRefused
    })
      .annotateMerge(
        describe(
          "Make an account",
          `The password is stored as scrypt makes it. There are ${accountsMax} accounts at most.`
        )
      )
      .annotateMerge(allow([], "none")),
    HttpApiEndpoint.get("listAccounts", "/v1/access/accounts", {
      success: Schema.Struct({ accounts: Schema.Array(Account) })
    })
      .annotateMerge(describe("List accounts by name", "All of them."))
      .annotateMerge(allow([], "none")),
    HttpApiEndpoint.patch("changeAccount", "/v1/access/accounts/:name", {
      params: account,
      payload: AccountChange,
      success: Account,
      error: NoSuchAccount
    })
      .annotateMerge(
        describe(
          "Change what an account may do",
          "For the next request of who is signed in. A disabled one is out at once."
        )
      )
      .annotateMerge(allow([], "none")),
    HttpApiEndpoint.post("resetPassword", "/v1/access/accounts/:name:reset-password", {
      params: account,
      payload: NewPassword,
      success: AccountWithPassword,
      error: NoSuchAccount
    })
      .annotateMerge(describe("Give an account another password", "Its sessions end, and it is locked out no longer."))
      .annotateMerge(allow([], "none")),
    HttpApiEndpoint.delete("deleteAccount", "/v1/access/accounts/:name", {
      params: account,
      success: HttpApiSchema.NoContent,
      error: NoSuchAccount
    })
      .annotateMerge(describe("Delete an account", "Its sessions end."))
      .annotateMerge(allow([], "none")),
    HttpApiEndpoint.post("changePassword", "/v1/access/password", {
      payload: PasswordChange,
      success: HttpApiSchema.NoContent,
      error: [WrongPassword, TooManyRequests, TemporarilyUnavailable]
    })
      .annotateMerge(
        describe(
          "Change one's own password",
          "For who is signed in by an account. All its sessions end, this one included."
        )
      )
      .annotateMerge(allow(everyRole, "none"))
  )
  .annotateMerge(
    OpenApi.annotations({
      title: "Access",
      description: "API keys and accounts, and what each may do."
    })
  )
