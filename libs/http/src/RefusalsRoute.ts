import { refusalsHtml } from "@roost/explain"
import { HttpRouter, HttpServerResponse } from "effect/http"
import { createHash } from "node:crypto"

const page = refusalsHtml()
const style = /<style>(.*?)<\/style>/s.exec(page)?.[1] ?? ""
const styleHash = createHash("sha256").update(style).digest("base64")

/** Where `link` of events, strangers and problems leads. It says nothing of this Roost, so that it needs no token. */
export const refusalsRoute = HttpRouter.add(
  "GET",
  "/refusals",
  HttpServerResponse.text(page, {
    contentType: "text/html; charset=utf-8",
    headers: {
      "content-security-policy": `default-src 'none'; style-src 'sha256-${styleHash}'`,
      "cache-control": "public, max-age=3600"
    }
  })
)
