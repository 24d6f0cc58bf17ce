import { ProductKey } from "@roost/enos"
import * as Schema from "effect/Schema"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { allow, everyRole } from "../access/AccessRule.ts"
import { Flag } from "../http/Flag.ts"
import { describe } from "../http/EndpointParts.ts"
import { NoScript, NoSuchProduct, NotRaw, ScriptUntested } from "./RegistryProblems.ts"
import { ProductScript, ScriptDraft, ScriptTest, ScriptTestResult } from "./Script.ts"

const product = { productKey: ProductKey }
const script = "/v1/products/:productKey/script"

export const Scripts = HttpApiGroup.make("scripts")
  .add(
    HttpApiEndpoint.get("getScript", script, {
      params: product,
      success: ProductScript,
      error: NoSuchProduct
    })
      .annotateMerge(
        describe(
          "Read a raw product's script: draft, what is published, versions",
          "The draft runs in tests only; what is published converts every message."
        )
      )
      .annotateMerge(allow(everyRole, "path")),
    HttpApiEndpoint.put("saveScript", script, {
      params: product,
      payload: ScriptDraft,
      success: ProductScript,
      error: [NoSuchProduct, NotRaw, NoScript]
    })
      .annotateMerge(
        describe(
          "Save a draft",
          "It runs in tests only, until it is published. The text that is the draft already stays tested, if it was."
        )
      )
      .annotateMerge(allow(["developer", "firmware"], "path")),
    HttpApiEndpoint.post("testScript", `${script}:test`, {
      params: product,
      payload: ScriptTest,
      success: ScriptTestResult,
      error: [NoSuchProduct, NoScript]
    })
      .annotateMerge(
        describe(
          "Try the draft",
          "Bytes of a device in hexadecimal, or a message for it; without a draft, what is published."
        )
      )
      .annotateMerge(allow(["developer", "firmware"], "path")),
    HttpApiEndpoint.post("publishScript", `${script}:publish`, {
      params: product,
      payload: Schema.Struct({ version: Schema.optionalKey(Schema.Int) }),
      success: ProductScript,
      error: [NoSuchProduct, NotRaw, NoScript, ScriptUntested]
    })
      .annotateMerge(
        describe(
          "Publish the draft, or an earlier version again",
          "A draft needs one test that succeeded. It counts for the next message of every device."
        )
      )
      .annotateMerge(allow(["developer", "firmware"], "path")),
    HttpApiEndpoint.delete("unpublishScript", script, {
      params: product,
      query: {
        versions: Schema.optionalKey(Flag.annotate({ description: "`true`: the draft and all versions are deleted." }))
      },
      success: HttpApiSchema.NoContent,
      error: [NoSuchProduct, NotRaw]
    })
      .annotateMerge(
        describe(
          "Pass bytes as they are again",
          "Versions and draft stay, unless `versions=true`; the next one is 1 then."
        )
      )
      .annotateMerge(allow(["developer", "firmware"], "path"))
  )
  .annotateMerge(
    OpenApi.annotations({
      title: "Scripts of raw products",
      description: "JavaScript that makes messages of a device's bytes, and bytes of commands."
    })
  )
