import * as Schema from "effect/Schema"

/** Members of an event about the refusal that it tells; absent where nothing was refused, and from an older version of Roost. */
export const explained = {
  code: Schema.optionalKey(
    Schema.String.annotate({ description: "Of the refusal, such as `wrong-key`; docs/refusals.md has all of them." })
  ),
  link: Schema.optionalKey(
    Schema.String.annotate({ description: "Where cause and cure stand, on the registry's address." })
  )
}
