import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect } from "effect"
import { ApiToken } from "../src/BearerToken.ts"

const read = (ROOST_API_TOKEN: string) => ApiToken.parse(ConfigProvider.fromUnknown({ ROOST_API_TOKEN }))

describe("the token of the HTTP APIs", () => {
  it.effect("is one that a client can send in a header", () =>
    Effect.gen(function* () {
      yield* read("0123456789abcdef")
      yield* read("~!#$%&'*+-.^_`|=/")
      for (const token of ["0123456789abcde", "0123456789abcdef\r", "0123456789 abcdef", "0123456789abcdéf"]) {
        assert.match(String(yield* Effect.flip(read(token))), /expected a token of at least 16 characters/, token)
      }
    })
  )
})
