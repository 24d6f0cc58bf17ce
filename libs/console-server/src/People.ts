import type { Principal, TemporarilyUnavailable } from "@roost/contracts"
import { Context, type Effect } from "effect"

/** What became of somebody who gave a name and a password. `lockedNow`: this try was the last one. */
export type PasswordOutcome =
  | { readonly _tag: "Right"; readonly principal: Principal; readonly version: number }
  | { readonly _tag: "Wrong"; readonly lockedNow: boolean }
  | { readonly _tag: "LockedOut"; readonly retryAfterSeconds: number }

/** Who may sign in beside the holder of the token; `@roost/access` knows them. A store that does not answer is a defect. */
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
