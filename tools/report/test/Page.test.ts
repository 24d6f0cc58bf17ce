import { assert, describe, it } from "vitest"
import { html, pageOf, proseOf, raw, tableOf, tilesOf } from "../src/index.ts"

const hostile = `</script><img src=x onerror="alert('1')">&`
const escaped = "&lt;/script&gt;&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;&amp;"

describe("a report page", () => {
  it("shows text from elsewhere as text, wherever it stands", () => {
    const page = pageOf({
      title: hostile,
      lead: hostile,
      body: [
        tilesOf([{ name: hostile, value: hostile }]),
        tableOf({ head: ["", hostile], rows: [[hostile, hostile]] }),
        proseOf(`${hostile}\`${hostile}\``),
        html`<i title="${hostile}"></i>`
      ],
      drawing: { report: { text: hostile }, script: "plots.show(report)" }
    })
    assert.strictEqual(page.split(escaped).length - 1, 11)
    assert.notInclude(page, "<img")
  })

  it("gives the script its data as it was", () => {
    const data = { text: hostile, number: 0.1, nothing: null }
    const page = pageOf({ title: "", body: undefined, drawing: { report: data, script: "" } })
    const json = /<script id="report" type="application\/json">(.*?)<\/script>/s.exec(page)![1]!
    assert.deepStrictEqual(JSON.parse(json), data)
  })

  it("needs no file and no network, and carries uPlot only where it draws", () => {
    const plain = pageOf({ title: "plain", body: html`<p>text</p>` })
    const drawn = pageOf({
      title: "drawn",
      body: html`<div id="a"></div>`,
      drawing: { report: {}, script: "plots.show()" }
    })
    for (const page of [plain, drawn]) assert.notMatch(page, /<link|<script[^>]* src=|@import|url\(/)
    assert.notInclude(plain, "uPlot")
    assert.include(drawn, "uPlot")
  })

  it("escapes once: markup in markup, lists and nothing", () => {
    const inner = html`<b>${"a < b"}</b>`
    assert.strictEqual(String(html`<p>${[inner, undefined, 1, raw("<br>")]}</p>`), "<p><b>a &lt; b</b>1<br></p>")
  })
})
