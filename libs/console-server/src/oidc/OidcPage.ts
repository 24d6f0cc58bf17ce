import { grantsInWords, type Principal } from "@roost/contracts"
import { HttpServerResponse } from "effect/http"
import { type OidcRefusal, statusOf } from "./OidcRefusal.ts"

/** To who is not let in: what came, what was expected, why, and what helps. */
export const refusalPage = (refusal: OidcRefusal, provider: string): HttpServerResponse.HttpServerResponse => {
  const { came, cause, cure, expected } = refusal
  return page(
    statusOf(refusal),
    "You are not signed in",
    `<p>${escaped(provider)} sent you here, and Roost let nobody in by that.</p>
<dl><dt>What came</dt><dd>${escaped(came)}</dd>
<dt>Expected</dt><dd>${escaped(expected)}</dd>
<dt>Likely cause</dt><dd>${escaped(cause)}</dd>
<dt>What helps</dt><dd>${escaped(cure)}</dd></dl>
<p><a href="/sign-in">Back to signing in</a></p>`
  )
}

/**
 * Whether the person wants `roost` on their machine to act for them. It is a link, not a redirect: somebody else's page may lead through a
 * silent sign-in. That must not end with a token in the hands of whoever listens at the port.
 */
export const terminalPage = (
  { grants, name }: Principal,
  { code, port, state }: { readonly code: string; readonly port: number; readonly state: string }
): HttpServerResponse.HttpServerResponse => {
  const address = `http://127.0.0.1:${port}/?${new URLSearchParams({ code, state }).toString()}`
  return page(
    200,
    "Sign in roost on this machine?",
    `<p>You are ${escaped(name)} (${escaped(grantsInWords(grants))}). A command on this machine, at its port ${port}, asks to act as you.</p>
<p><a href="${escaped(address)}" rel="noreferrer">Sign in roost</a></p>
<p>If you did not type <code>roost login</code> a moment ago, close this page: somebody else asks.</p>`
  )
}

const page = (status: number, title: string, body: string): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.text(
    `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title} · Roost</title>
<style>${style}</style><main><h1>${title}</h1>
${body}</main></html>
`,
    { status, contentType: "text/html; charset=utf-8", headers: pageHeaders }
  )

/** Nothing runs and nothing is loaded; the address, which may have a code, goes nowhere. */
export const pageHeaders = {
  "cache-control": "no-store",
  "content-security-policy":
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin"
} as const

const style =
  ":root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}main{max-width:38rem;margin:15vh auto;padding:0 1rem}dt{font-weight:600;margin-top:.75rem}dd{margin:0;overflow-wrap:anywhere}"

const escaped = (text: string): string => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
