/** Notes every call of a method, with the lengths of the bytes that it is given, while there is somewhere to note it. */
export const recorded = <A extends object>(target: A, notes: () => Array<string> | undefined): A => {
  const methods = new Map<string, (...args: ReadonlyArray<never>) => unknown>()
  for (let level: object = target; level !== Object.prototype; level = Object.getPrototypeOf(level) as object) {
    for (const name of Object.getOwnPropertyNames(level)) {
      const method: unknown = Reflect.get(target, name)
      if (typeof method === "function" && name !== "constructor") methods.set(name, method.bind(target))
    }
  }
  const noted = [...methods].map(([name, method]) => {
    const call = (...args: ReadonlyArray<never>): unknown => {
      const found = notes()
      if (found !== undefined) found.push(`${name} ${args.map(sizeOf).join(" ")}`)
      return method(...args)
    }
    return [name, { value: call }] as const
  })
  return Object.create(target, Object.fromEntries(noted)) as A
}

const sizeOf = (argument: unknown): number | string =>
  argument instanceof Uint8Array ? argument.length : typeof argument === "number" ? argument : "-"
