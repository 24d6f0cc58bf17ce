import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { join } from "node:path"
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core"
import { assert } from "@effect/vitest"
import type { RunnerTestCase } from "vitest"

export const launch = (): Promise<Browser> =>
  chromium.launch({ executablePath: process.env["ROOST_TEST_CHROMIUM"]!, args: ["--no-sandbox"] })

/** The complaints of a page that nobody expected. */
export const complaintsOf = (page: Page): ReadonlyArray<string> => {
  const complaints: Array<string> = []
  page.on("pageerror", (error) => complaints.push(error.message))
  page.on("console", (message) => {
    // That a request was refused is what some scenarios are about.
    if (message.type() === "error" && !message.text().startsWith("Failed to load resource"))
      complaints.push(message.text())
  })
  return complaints
}

/** Bytes that came over the wire for the page, headers left out, from now on. */
export const transferred = (page: Page): (() => Promise<number>) => {
  const sizes: Array<Promise<number>> = []
  page.on("requestfinished", (request) => {
    const path = new URL(request.url()).pathname
    // Answers of the API depend on the fleet.
    if (!path.startsWith("/v1/")) sizes.push(request.sizes().then(({ responseBodySize }) => responseBodySize))
  })
  return async () => (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0)
}

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8")

interface Violation {
  readonly id: string
  readonly impact: string
  readonly nodes: ReadonlyArray<{ readonly html: string; readonly failureSummary: string }>
}

interface Axe {
  readonly run: (
    of: Document,
    options: { readonly resultTypes: ReadonlyArray<string> }
  ) => Promise<{ readonly violations: ReadonlyArray<Violation> }>
}

/** No finding of axe that is serious or worse. */
export const expectAccessible = async (page: Page): Promise<void> => {
  // By the debugger, which the page's policy against foreign scripts does not concern.
  await page.evaluate(axe)
  const violations = await page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: Axe }
    return (await axe.run(document, { resultTypes: ["violations"] })).violations
  })
  const bad = violations.filter(({ impact }) => impact === "serious" || impact === "critical")
  assert.deepStrictEqual(
    bad.map(
      ({ id, nodes }) => `${id}: ${nodes.map(({ failureSummary, html }) => `${html} ${failureSummary}`).join(" | ")}`
    ),
    []
  )
}

/** Nothing of the page is wider than the screen; names what reaches beyond it. */
export const expectFits = async (page: Page, path: string): Promise<void> => {
  const beyond = await page.evaluate(() => {
    const { clientWidth, scrollWidth } = document.documentElement
    if (scrollWidth <= clientWidth) return []
    return [...document.querySelectorAll("main *")]
      .filter((one) => one.getBoundingClientRect().right > clientWidth + 1)
      .map((one) => one.outerHTML.slice(0, 120))
      .slice(0, 5)
  })
  assert.deepStrictEqual(beyond, [], path)
}

/** A picture for docs/console.md, where they are asked for. */
export const picture = async (page: Page, name: string): Promise<void> => {
  const folder = process.env["ROOST_TEST_PICTURES"]
  if (folder === undefined) return
  await page.waitForTimeout(400)
  await page.screenshot({ path: join(folder, `${name}.png`), animations: "disabled" })
}

/** Of a page's text, for whoever reads only what a failed test said. */
const shownCharactersMax = 1_500

/** Adds what a page showed when a test failed to what the test said, and a picture where they are asked for. */
export const tellFailure = async (
  page: Page,
  { name, result }: Pick<RunnerTestCase, "name" | "result">
): Promise<void> => {
  const error = result?.state === "fail" ? result.errors?.[0] : undefined
  if (error === undefined) return
  const text = await page.evaluate(() => document.body.innerText).catch((gone: unknown) => String(gone))
  error.message += `\nThe page ${page.url()} showed: ${text.replaceAll(/\s+/gu, " ").slice(0, shownCharactersMax)}`
  await picture(page, `failed-${name.slice(0, 20).replaceAll(" ", "-")}`)
}

/** For what a page shows: on a busy machine a first page takes half a minute. */
const waitMillisMax = 120_000

export const newContext = async (
  browser: Browser,
  options: Parameters<Browser["newContext"]>[0] = {}
): Promise<BrowserContext> => {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 800 },
    locale: "en-GB",
    timezoneId: "Europe/Berlin",
    reducedMotion: "reduce",
    ...options
  })
  context.setDefaultTimeout(waitMillisMax)
  return context
}
