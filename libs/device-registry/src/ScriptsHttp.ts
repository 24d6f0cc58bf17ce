import {
  CurrentIdempotentRequest,
  NoScript,
  NoSuchProduct,
  NotRaw,
  RegistryApi,
  requestTime,
  type ScriptDraft,
  type ScriptTest,
  type ScriptTestResult,
  ScriptUntested
} from "@roost/contracts"
import { envelopeDepthMax, readJson } from "@roost/enos"
import { writtenBody } from "@roost/http"
import { type Conversion, type Script, ScriptPool } from "@roost/raw-script"
import { Effect, Result } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { RegistryStore } from "./RegistryStore.ts"

/** Scripts of raw products for who writes them: a draft, its tests, versions. Drafts run in a pool of their own, in tests only. */
export const ScriptHandlers = HttpApiBuilder.group(
  RegistryApi,
  "scripts",
  Effect.fnUntraced(function* (handlers) {
    const store = yield* RegistryStore
    const pool = yield* Effect.acquireRelease(
      Effect.sync(() => new ScriptPool({ workers: 1 })),
      (pool) => Effect.promise(() => pool.close())
    )
    let tests = 0
    const noSuchProduct = (productKey: string) => new NoSuchProduct({ detail: `No product has the key ${productKey}.` })
    const rawProduct = Effect.fnUntraced(function* (productKey: string) {
      const product = yield* store.product(productKey)
      if (product === undefined) return yield* noSuchProduct(productKey)
      if (product.dataFormat !== "Custom") {
        return yield* new NotRaw({
          detail: `${productKey} has the data format ${product.dataFormat}; scripts are for Custom.`
        })
      }
    })
    const read = Effect.fnUntraced(function* (productKey: string) {
      return (yield* store.script(productKey)) ?? (yield* noSuchProduct(productKey))
    })
    const run = (productKey: string, source: string, test: ScriptTest) =>
      Effect.callback<Conversion>((resume) => {
        const script: Script = { productKey, version: ++tests, source }
        const done = (conversion: Conversion) => resume(Effect.succeed(conversion))
        if ("raw" in test) pool.convert(script, "up", Uint8Array.fromHex(test.raw), done)
        else pool.convert(script, "down", new TextEncoder().encode(JSON.stringify(test.message)), done)
      })
    return handlers.handleAll({
      getScript: ({ params }) => read(params.productKey),
      saveScript: Effect.fnUntraced(function* ({ params: { productKey }, payload }) {
        const source = sourceOf(payload)
        const known = yield* read(productKey)
        // Sent back as it was read.
        if (!("source" in payload) && source === sourceOf(known)) return known
        yield* rawProduct(productKey)
        if (source === undefined)
          return yield* new NoScript({ detail: "Neither source, draft nor published is there." })
        yield* store.saveScriptDraft(productKey, source)
        return yield* read(productKey)
      }),
      testScript: Effect.fnUntraced(function* ({ params: { productKey }, payload, request }) {
        const { draft, published } = yield* read(productKey)
        const source = draft?.source ?? published?.source
        if (source === undefined) return yield* new NoScript({ detail: "PUT a draft first." })
        const result = resultOf(yield* run(productKey, source, writtenBody(request) as typeof payload), payload)
        if (!("failure" in result)) yield* store.noteScriptTested(productKey, source)
        return result
      }),
      publishScript: Effect.fnUntraced(function* ({ params: { productKey }, payload: { version } }) {
        yield* rawProduct(productKey)
        const now = yield* requestTime
        if ((yield* CurrentIdempotentRequest)?.again === true) {
          const known = yield* read(productKey)
          // By an earlier run of this request.
          if (known.versions.some(({ publishedAt }) => publishedAt === now)) return known
        }
        if ((yield* store.publishScript(productKey, version, now)) !== undefined) return yield* read(productKey)
        if (version !== undefined) return yield* new NoScript({ detail: `There is no version ${version}.` })
        return yield* new ScriptUntested({ detail: "One test of the draft has to succeed first (script:test)." })
      }),
      unpublishScript: Effect.fnUntraced(function* ({ params: { productKey }, query: { versions = false } }) {
        yield* rawProduct(productKey)
        yield* versions ? store.deleteScripts(productKey) : store.unpublishScript(productKey)
      })
    })
  })
)

const sourceOf = (script: ScriptDraft): string | undefined =>
  "source" in script ? script.source : (script.draft ?? script.published)?.source

const resultOf = (conversion: Conversion, test: ScriptTest): ScriptTestResult => {
  if (conversion._tag === "Failed") return { failure: { reason: conversion.reason, message: conversion.message } }
  if (!("raw" in test)) return { raw: conversion.bytes.toHex() }
  const read = readJson(conversion.bytes, envelopeDepthMax)
  if (Result.isSuccess(read)) return { message: read.success }
  const { expected, got } = read.failure
  return {
    failure: { reason: "BadResult", message: `rawDataToJsonStr gave something else than ${expected}: ${got}` }
  }
}
