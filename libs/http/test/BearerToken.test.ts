import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect } from "effect"
import { ApiTokens, tokenCheck } from "../src/BearerToken.ts"

const environment = (variables: Readonly<Record<string, string>>) => ConfigProvider.fromUnknown(variables)
const read = (ROOST_API_TOKEN: string) => ApiTokens.parse(environment({ ROOST_API_TOKEN }))

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

  it.effect("are two while one is exchanged", () =>
    Effect.gen(function* () {
      const both = { ROOST_API_TOKEN: "0123456789abcdef", ROOST_API_TOKEN_PREVIOUS: "fedcba9876543210" }
      const checkWith = (variables: Readonly<Record<string, string>>) =>
        Effect.provideService(tokenCheck, ConfigProvider.ConfigProvider, environment(variables))
      const exchanging = yield* checkWith(both)
      assert.isTrue(exchanging(both.ROOST_API_TOKEN))
      assert.isTrue(exchanging(both.ROOST_API_TOKEN_PREVIOUS))
      assert.isFalse(exchanging(""))
      assert.isFalse(exchanging("fedcba987654321"))
      const exchanged = yield* checkWith({ ROOST_API_TOKEN: both.ROOST_API_TOKEN })
      assert.isFalse(exchanged(both.ROOST_API_TOKEN_PREVIOUS))
    })
  )
})
