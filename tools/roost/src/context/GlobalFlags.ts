import { Effect, Layer, Option } from "effect"
import { Flag, GlobalFlag } from "effect/cli"
import { attempt } from "../Failure.ts"
import { findContext, FoundContext } from "./FindContext.ts"

/** `--context`. */
export const ContextName = GlobalFlag.Setting("context")({
  flag: Flag.String("context").pipe(
    Flag.withAlias("c"),
    Flag.withMetavar("NAME"),
    Flag.withDescription(
      "the Roost to use, of roost context ls (default: ROOST_CONTEXT, the current one, or that of npm start here)"
    ),
    Flag.optional
  )
})

/** `--url`. */
export const Url = GlobalFlag.Setting("url")({
  flag: Flag.String("url").pipe(
    Flag.withMetavar("URL"),
    Flag.withDescription("address of a registry, with ROOST_API_TOKEN (default: ROOST_URL, or the context's)"),
    Flag.optional
  )
})

/** The context that the flags, the environment and the files name. */
export const foundContext = Effect.gen(function* () {
  const asked = { name: Option.getOrUndefined(yield* ContextName), url: Option.getOrUndefined(yield* Url) }
  return yield* attempt(() => findContext(asked, process.env, process.cwd()))
})

export const layerContext = Layer.effect(FoundContext, foundContext)
