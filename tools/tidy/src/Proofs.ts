import type { Finding, Repository } from "./Repository.ts"

/** The page of promises: each is an item of a list below `promisesBegin`, with the tests that show it. */
const page = "SECURITY.md"
const promisesBegin = "## What is promised"

/** A file of tests, and what stands in it: the name of a test, or a part of it. */
const reference = /`([^`]+\.test\.ts)`:\s+`([^`]+)`/g

/** Promises without a test, and tests that are named and not there. */
export const checkProofs = ({ files }: Repository): ReadonlyArray<Finding> => {
  const promises = promisesOf(files.get(page) ?? "")
  if (promises.length === 0) return [{ path: page, message: `no promise below "${promisesBegin}"` }]
  return promises.flatMap((promise) => {
    const references = [...promise.text.matchAll(reference)]
    if (references.length === 0) {
      return [{ path: page, line: promise.line, message: "a promise without a test that shows it" }]
    }
    return references
      .filter(([, path, name]) => files.get(path!)?.includes(name!) !== true)
      .map(([, path, name]) => ({ path: page, line: promise.line, message: `${path} has no test "${name}"` }))
  })
}

interface ListItem {
  /** Where it begins, from 1. */
  readonly line: number
  readonly text: string
}

const promisesOf = (text: string): ReadonlyArray<ListItem> => {
  const lines = text.split("\n")
  const begin = lines.findIndex((line) => line.startsWith(promisesBegin))
  if (begin < 0) return []
  const next = lines.findIndex((line, index) => index > begin && line.startsWith("## "))
  const end = next < 0 ? lines.length : next
  const starts = lines.flatMap((line, index) => (index > begin && index < end && line.startsWith("- ") ? [index] : []))
  return starts.map((start, item) => ({
    line: start + 1,
    text: lines.slice(start, starts[item + 1] ?? end).join("\n")
  }))
}
