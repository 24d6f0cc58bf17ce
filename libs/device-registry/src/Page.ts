/** `found` has one more than `limit` if there is a next page. */
export const pageOf = <A>(limit: number, found: ReadonlyArray<A>, cursorOf: (item: A) => string) => {
  const items = found.slice(0, limit)
  const nextCursor = found.length > limit ? { nextCursor: cursorOf(items[limit - 1]!) } : {}
  return { items, nextCursor }
}
