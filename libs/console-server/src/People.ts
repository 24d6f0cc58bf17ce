import type { PasswordOutcome, Principal, TemporarilyUnavailable } from "@roost/contracts"
import { Context, type Effect } from "effect"

/** The people who may sign in beside the holder of the token; `@roost/access` knows them. A store that does not answer is a defect. */
export class People extends Context.Service<
  People,
  {
    /** A wrong one takes as long as a right one, also of nobody. */
    readonly byPassword: (
      name: string,
      password: string,
      address: string
    ) => Effect.Effect<PasswordOutcome, TemporarilyUnavailable>
    /** The principal with what it may do now; undefined: it is gone, or what it signed in with was changed since. */
    readonly current: (principal: Principal, version: number) => Effect.Effect<Principal | undefined>
    /** Of what the principal signs in with now. */
    readonly versionOf: (principal: Principal) => Effect.Effect<number>
  }
>()("@roost/console-server/People") {}
