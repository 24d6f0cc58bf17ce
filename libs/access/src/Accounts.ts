import {
  type Account,
  type AccountChange,
  AccountRefused,
  accountsMax,
  type AccountWithPassword,
  CurrentIdempotentRequest,
  type NewAccount,
  NoSuchAccount,
  type PasswordOutcome,
  type Principal,
  requestBytes,
  requestTime,
  TemporarilyUnavailable
} from "@roost/contracts"
import { alphanumeric, randomBytesPerCharacter } from "@roost/enos"
import type { NatsConnection } from "@roost/nats"
import { Clock, type Config, Context, Effect, Layer } from "effect"
import { AccessStore } from "./AccessStore.ts"
import { changeKept, isConflict, isNatsError } from "./ChangeKept.ts"
import { makePasswordTries } from "./PasswordTries.ts"
import { Passwords } from "./Passwords.ts"
import type { StoredAccount } from "./StoredAccess.ts"

/** Characters of a password that is made up: 119 bits. */
const madeUpLength = 20
/** The account that is made where there is none yet. */
export const firstAccountName = "admin"

/** Roost's own accounts, with passwords by scrypt. */
export class Accounts extends Context.Service<
  Accounts,
  {
    readonly create: (account: NewAccount) => Effect.Effect<AccountWithPassword, AccountRefused>
    /** By name. */
    readonly list: Effect.Effect<ReadonlyArray<Account>>
    readonly get: (name: string) => Effect.Effect<Account, NoSuchAccount>
    readonly change: (name: string, change: AccountChange) => Effect.Effect<Account, NoSuchAccount>
    /** One is made up where none is given. Its sessions end. */
    readonly setPassword: (name: string, password?: string) => Effect.Effect<AccountWithPassword, NoSuchAccount>
    readonly delete: (name: string) => Effect.Effect<void, NoSuchAccount>
    /** Counts wrong ones by name and by address, and locks out (`wrongPasswordsMax`, `wrongPasswordsOfAddressMax`). */
    readonly check: (
      name: string,
      password: string,
      address: string
    ) => Effect.Effect<PasswordOutcome, TemporarilyUnavailable>
    /** The account's principal, with its grants of now; undefined: it is gone, disabled, or has another password than this version. */
    readonly current: (name: string, version: number) => Effect.Effect<Principal | undefined>
    readonly versionOf: (name: string) => Effect.Effect<number>
    /** An admin's account where there is no account yet, with its password; undefined: there is one. */
    readonly makeFirst: Effect.Effect<AccountWithPassword | undefined>
  }
>()("@roost/access/Accounts") {
  static readonly layer: Layer.Layer<Accounts, Config.ConfigError, AccessStore | NatsConnection> = Layer.effect(
    Accounts,
    Effect.gen(function* () {
      const { accounts } = yield* AccessStore
      const passwords = new Passwords()
      const tries = yield* makePasswordTries

      const find = Effect.fnUntraced(function* (name: string) {
        const kept = yield* Effect.orDie(accounts.get(idOf(name)))
        return kept ?? (yield* new NoSuchAccount({ detail: `No account has the name ${name}.` }))
      })
      const change = (name: string, to: (account: StoredAccount) => StoredAccount) =>
        changeKept(accounts, idOf(name), find(name), to)
      const madeUp = Effect.map(requestBytes("account password", madeUpLength * randomBytesPerCharacter), (bytes) =>
        alphanumeric(bytes, madeUpLength)
      )
      const create = Effect.fn("Accounts.create")(function* ({ password: given, ...fields }: NewAccount) {
        const now = yield* requestTime
        const password = given ?? (yield* madeUp)
        const passwordHash = yield* passwords.hash(password)
        const account: StoredAccount = {
          ...fields,
          enabled: true,
          createdAt: now,
          passwordSetAt: now,
          version: now,
          passwordHash
        }
        if (accounts.known.size >= accountsMax) return yield* refused(`There are ${accountsMax}, as many as may be.`)
        yield* accounts.create(idOf(fields.name), account).pipe(
          Effect.catchIf(isConflict, () =>
            Effect.gen(function* () {
              const taken = yield* Effect.orDie(accounts.get(idOf(fields.name)))
              // By an earlier run of this request.
              const own = (yield* CurrentIdempotentRequest) !== undefined && taken?.value.createdAt === now
              if (!own) return yield* refused(`The name ${fields.name} is taken.`)
            })
          ),
          Effect.catchIf(isNatsError, Effect.die)
        )
        return { ...shown(account), ...(given === undefined && { password }) }
      })

      return Accounts.of({
        create,
        list: Effect.sync(() => [...accounts.known.values()].map(shown).toSorted((a, b) => (a.name < b.name ? -1 : 1))),
        get: (name) => Effect.map(find(name), ({ value }) => shown(value)),
        change: (name, fields) =>
          Effect.map(
            change(name, (account) => ({ ...account, ...fields })),
            shown
          ),
        setPassword: Effect.fn("Accounts.setPassword")(function* (name, given) {
          const password = given ?? (yield* madeUp)
          const passwordHash = yield* passwords.hash(password)
          const now = yield* Clock.currentTimeMillis
          const changed = yield* change(name, (account) => ({
            ...account,
            passwordHash,
            passwordSetAt: now,
            version: Math.max(now, account.version + 1)
          }))
          tries.clear(idOf(name), now)
          return { ...shown(changed), ...(given === undefined && { password }) }
        }),
        delete: Effect.fn("Accounts.delete")(function* (name) {
          yield* find(name)
          yield* Effect.orDie(accounts.delete(idOf(name)))
        }),
        check: Effect.fn("Accounts.check")(function* (name, password, address) {
          const now = yield* Clock.currentTimeMillis
          const waitMillis = tries.waitOf(idOf(name), address, now)
          if (waitMillis > 0) return { _tag: "LockedOut", retryAfterSeconds: Math.ceil(waitMillis / 1_000) } as const
          if (passwords.isBusy) {
            return yield* new TemporarilyUnavailable({ detail: "Many passwords are being checked. Try again." })
          }
          const account = accounts.known.get(idOf(name))
          const lockedNow = tries.begin(idOf(name), address, now)
          const right = yield* passwords.isRight(password, account?.passwordHash)
          if (!right || account?.enabled !== true) {
            return { _tag: "Wrong", lockedNow } as const
          }
          tries.right(idOf(name), address, now)
          return { _tag: "Right", principal: principalOf(account), version: account.version } as const
        }),
        current: (name, version) =>
          Effect.sync(() => {
            const account = accounts.known.get(idOf(name))
            return account?.enabled === true && account.version === version ? principalOf(account) : undefined
          }),
        versionOf: (name) => Effect.sync(() => accounts.known.get(idOf(name))?.version ?? 0),
        makeFirst: Effect.suspend(() =>
          accounts.known.size > 0
            ? Effect.undefined
            : // Of two registries that start at once, one makes it.
              create({ name: firstAccountName, grants: [{ role: "admin" }] }).pipe(
                Effect.catchTag("AccountRefused", () => Effect.undefined)
              )
        )
      })
    })
  )
}

/** Nobody has two accounts whose names differ in upper and lower case. */
const idOf = (name: string): string => name.toLowerCase()

const shown = (stored: StoredAccount): Account => {
  const { passwordHash: _, version: __, ...account } = stored
  return account
}

const principalOf = ({ displayName, grants, name }: StoredAccount): Principal => ({
  kind: "account",
  id: name,
  name: displayName ?? name,
  grants
})

const refused = (detail: string) => Effect.fail(new AccountRefused({ detail }))
