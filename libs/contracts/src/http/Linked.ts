import { linkOf, type RefusalCode } from "@roost/explain"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

/** The member of every problem beside RFC 9457's: where its cause and cure stand. */
export const linked = (code: RefusalCode) => ({
  link: Schema.String.pipe(Schema.withConstructorDefault(Effect.succeed(linkOf(code)))).annotate({
    description: "Where cause and cure stand, on the registry's address."
  })
})
