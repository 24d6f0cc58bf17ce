import { CurrentCaller, RegistryApi, TooManyRequests, WrongPassword } from "@roost/contracts"
import { addressOf, noteBefore } from "@roost/http"
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { Accounts } from "./Accounts.ts"
import { ManagedKeys } from "./ManagedKeys.ts"

export const AccessHandlers = HttpApiBuilder.group(
  RegistryApi,
  "access",
  Effect.fnUntraced(function* (handlers) {
    const keys = yield* ManagedKeys
    const accounts = yield* Accounts
    const principal = Effect.map(CurrentCaller, (caller) => caller!.principal)
    return handlers.handleAll({
      whoAmI: () => principal,
      createApiKey: ({ payload }) => Effect.flatMap(principal, ({ name }) => keys.create(payload, name)),
      listApiKeys: () => Effect.map(keys.list, (found) => ({ keys: found })),
      getApiKey: ({ params }) => keys.get(params.keyId),
      rotateApiKey: ({ params: { keyId }, payload: { graceSeconds } }) =>
        Effect.andThen(noteBefore(keys.get(keyId)), keys.rotate(keyId, graceSeconds)),
      revokeApiKey: ({ params: { keyId } }) => Effect.andThen(noteBefore(keys.get(keyId)), keys.revoke(keyId)),
      createAccount: ({ payload }) => accounts.create(payload),
      listAccounts: () => Effect.map(accounts.list, (found) => ({ accounts: found })),
      changeAccount: ({ params: { name }, payload }) =>
        Effect.andThen(noteBefore(accounts.get(name)), accounts.change(name, payload)),
      resetPassword: ({ params: { name }, payload }) => accounts.setPassword(name, payload.password),
      deleteAccount: ({ params: { name } }) => Effect.andThen(noteBefore(accounts.get(name)), accounts.delete(name)),
      changePassword: Effect.fnUntraced(function* ({ payload: { current, password }, request }) {
        const { id, kind } = yield* principal
        if (kind !== "account") {
          return yield* new WrongPassword({ detail: "Only who is signed in by an account has a password here." })
        }
        const outcome = yield* accounts.check(id, current, addressOf(request))
        switch (outcome._tag) {
          case "LockedOut":
            return yield* new TooManyRequests({
              detail: `Too many wrong passwords; try again in ${outcome.retryAfterSeconds} s.`
            })
          case "Wrong":
            return yield* new WrongPassword({ detail: "The current password is another one." })
          case "Right":
            yield* Effect.orDie(accounts.setPassword(id, password))
        }
      })
    })
  })
)
