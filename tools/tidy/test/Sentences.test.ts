import { resolve } from "node:path"
import { assert, describe, it } from "vitest"
import { readRepository, repositoryOf } from "../src/Repository.ts"
import { checkSentences, longSentencesIn, longSentencesOf, sentenceWordsMax } from "../src/Sentences.ts"

const long = `${"word ".repeat(sentenceWordsMax)}more.`
const wordsOf = (path: string, text: string) => longSentencesOf(path, text).map(({ words }) => words)

it("no folder has more long sentences than it had", () => {
  assert.deepStrictEqual(checkSentences(readRepository(resolve(import.meta.dirname, "../../.."))), [])
})

describe("a sentence that is too long", () => {
  it("is found over the lines of a comment, of a paragraph and in a list", () => {
    assert.deepStrictEqual(wordsOf("libs/x/src/X.ts", `/**\n * ${long.replace(" ", "\n * ")} Short.\n */`), [26])
    assert.deepStrictEqual(wordsOf("libs/x/src/X.ts", `// ${long.replace(" ", "\n// ")}`), [26])
    assert.deepStrictEqual(wordsOf("docs/x.md", `Short.\n\n- ${long.replace(" ", "\n  ")}\n- Short.`), [26])
  })
  it("is none where a dot ends it, or a paragraph, or an item of a list", () => {
    const half = "word ".repeat(20).trim()
    assert.deepStrictEqual(wordsOf("docs/x.md", `${half}. W${half}\n\n${half}\n- ${half}\n- ${half}`), [])
    assert.deepStrictEqual(
      wordsOf("libs/x/src/X.ts", `/**\n * ${half}\n *\n * ${half}\n * - ${half}\n * @param ${half}\n */`),
      []
    )
  })
  it("is none in a table, in code, in a quotation, or where code and addresses make it long", () => {
    assert.deepStrictEqual(wordsOf("docs/x.md", `| ${long} |\n\n> ${long}\n\n\`\`\`\n${long}\n\`\`\`\n`), [])
    assert.deepStrictEqual(wordsOf("docs/x.md", `Run \`${long}\` [there](${long.replaceAll(" ", "-")}).`), [])
    assert.deepStrictEqual(
      wordsOf("libs/x/src/X.ts", `/**\n * Run:\n *\n *     ${long}\n */\nconst text = "${long}"`),
      []
    )
  })
})

describe("a folder", () => {
  const repository = repositoryOf(new Map([["libs/x/src/X.ts", `// ${long}`]]))
  it("may keep its long sentences, and gets no more", () => {
    assert.deepStrictEqual(checkSentences(repository, longSentencesIn(repository)), [])
    assert.strictEqual(checkSentences(repository, { "libs/y": 1 }).length, 1)
  })
})
