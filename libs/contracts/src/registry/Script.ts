import * as Schema from "effect/Schema"
import { textOf } from "../http/Texts.ts"
import { AnyJson } from "../JsonText.ts"

/** Characters of a script's text. */
export const scriptLengthMax = 64 * 1024

/** JavaScript that defines `rawDataToJsonStr(bytes)` and `jsonStrToRawData(text)` (enos-protocol §5). */
export const ScriptSource = textOf(1, scriptLengthMax)

export const NewScript = Schema.Struct({ source: ScriptSource }).annotate({ identifier: "NewScript" })

/** A version that was published. The one with `current` converts. */
export const ScriptVersion = Schema.Struct({
  version: Schema.Int,
  publishedAt: Schema.Finite.annotate({ description: "Milliseconds since 1970." }),
  current: Schema.Boolean
}).annotate({ identifier: "ScriptVersion" })
export type ScriptVersion = typeof ScriptVersion.Type

/** A product's scripts: a draft that never runs, and versions, of which one may be published. */
export const ProductScript = Schema.Struct({
  draft: Schema.optionalKey(
    Schema.Struct({
      source: ScriptSource,
      tested: Schema.Boolean.annotate({ description: "A test of exactly this text succeeded: it may be published." })
    })
  ),
  published: Schema.optionalKey(Schema.Struct({ version: Schema.Int, source: ScriptSource })),
  versions: Schema.Array(ScriptVersion)
}).annotate({ identifier: "ProductScript" })
export type ProductScript = typeof ProductScript.Type

/** A script, or what reading one gives: of that, the draft, or what is published where there is none. */
export const ScriptDraft = Schema.Union([NewScript, ProductScript]).annotate({ identifier: "ScriptDraft" })
export type ScriptDraft = typeof ScriptDraft.Type

const ScriptFailure = Schema.Struct({
  reason: Schema.String.annotate({
    description: "TimeLimit, MemoryLimit, Threw, NotLoaded, NotDefined, BadResult, …"
  }),
  message: Schema.String
}).annotate({ identifier: "ScriptFailure" })

/** One input of a test, of either direction: bytes of a device in hexadecimal, or a message for it in JSON. */
export const ScriptTest = Schema.Union([
  Schema.Struct({
    raw: Schema.String.check(Schema.isPattern(/^([0-9a-fA-F]{2})+$/u, { message: "expected bytes in hexadecimal" }))
  }).annotate({ identifier: "ScriptTestOfBytes" }),
  Schema.Struct({ message: Schema.Record(Schema.String, AnyJson) }).annotate({ identifier: "ScriptTestOfMessage" })
]).annotate({ identifier: "ScriptTest" })
export type ScriptTest = typeof ScriptTest.Type

export const ScriptTestResult = Schema.Union([
  Schema.Struct({ message: AnyJson.annotate({ description: "What the bytes mean." }) }).annotate({
    identifier: "ScriptMessage"
  }),
  Schema.Struct({ raw: Schema.String.annotate({ description: "The device's bytes in hexadecimal." }) }).annotate({
    identifier: "ScriptBytes"
  }),
  Schema.Struct({ failure: ScriptFailure }).annotate({ identifier: "ScriptFailed" })
]).annotate({ identifier: "ScriptTestResult" })
export type ScriptTestResult = typeof ScriptTestResult.Type
