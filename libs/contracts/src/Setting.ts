import * as Config from "effect/Config"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"

/** A variable of the environment, as `--help` and the documents show it. */
export interface Variable {
  readonly name: string
  /** The setting's meaning, with its unit. */
  readonly meaning: string
  /** The value without it; undefined: it has to be set. */
  readonly otherwise: string | undefined
  /** Its value, or a part of it, is shown to nobody. */
  readonly secret: boolean
  /** The part of a secret's value that may be shown; undefined: only that it is set. */
  readonly shown?: (value: string) => string
}

/**
 * A part of the configuration: how it is read, and the variables that it is read from. One declaration does for reading, checking and
 * `--help`, so that they can't differ.
 */
export interface Setting<A> extends Config.Config<A> {
  readonly variables: ReadonlyArray<Variable>
  /** The parts of it, each to be checked by itself, so that all faults are told at once. */
  readonly parts: ReadonlyArray<Config.Config<unknown>>
}

type Read<A> = (name: string) => Config.Config<A>

interface About extends Pick<Variable, "shown"> {
  readonly secret?: boolean
  /** In place of the default itself, where that says little. */
  readonly otherwise?: string
}

const named = <A>(variable: Variable, config: Config.Config<A>): Setting<A> =>
  Object.assign(config, { variables: [variable], parts: [config] })

/** A variable that has to be set. */
const required = <A>(name: string, meaning: string, read: Read<A>, about: About = {}): Setting<A> =>
  named({ secret: false, ...about, name, meaning, otherwise: undefined }, Config.map(read(name), same))

/** A variable that may be absent. */
const optional = <A>(name: string, meaning: string, read: Read<A>, about: About = {}): Setting<A | undefined> =>
  named(
    { otherwise: "–", secret: false, ...about, name, meaning },
    read(name).pipe(Config.withDefault<A | undefined>(undefined))
  )

/** A variable with a default. */
const withDefault = <A extends string | number | boolean>(
  name: string,
  meaning: string,
  read: Read<A>,
  fallback: A,
  about: About = {}
): Setting<A> =>
  named(
    { otherwise: String(fallback), secret: false, ...about, name, meaning },
    read(name).pipe(Config.withDefault(fallback))
  )

type Values<S> = { readonly [K in keyof S]: S[K] extends Setting<infer A> ? A : never }

/** Several as one. */
const all = <const S extends Readonly<Record<string, Setting<unknown>>>>(settings: S): Setting<Values<S>> =>
  from(Object.values(settings), Config.all(settings) as unknown as Config.Config<Values<S>>)

/** The value that `config` makes of these settings. */
const from = <A>(settings: ReadonlyArray<Setting<unknown>>, config: Config.Config<A>): Setting<A> =>
  Object.assign(Config.map(config, same), {
    variables: settings.flatMap(({ variables }) => variables),
    parts: settings.flatMap(({ parts }) => parts)
  })

const map = <A, B>(setting: Setting<A>, f: (value: A) => B): Setting<B> => from([setting], Config.map(setting, f))

/** As `map`, where the values may not go together: see `fault`. It is a part of its own. */
const check = <A, B>(setting: Setting<A>, f: (value: A) => Effect.Effect<B, Config.ConfigError>): Setting<B> => {
  const config = Config.mapEffect(setting, f)
  return Object.assign(config, { variables: setting.variables, parts: [...setting.parts, config] })
}

/** That the value of a variable can't be used; `message` says what was expected, and nothing of a secret. */
const fault = (name: string, message: string): Config.ConfigError =>
  new Config.ConfigError(
    new Schema.SchemaError(new SchemaIssue.Pointer([name], new SchemaIssue.InvalidValue({ message }, undefined)))
  )

/** Reads a whole number of a range. */
const wholeNumber =
  (minimum: number, maximum: number): Read<number> =>
  (name) => {
    const message = `expected a whole number from ${minimum} to ${maximum}`
    const isOne = (text: string) => /^\d{1,16}$/.test(text) && Number(text) >= minimum && Number(text) <= maximum
    const Text = Schema.String.annotate({ message }).check(
      Schema.makeFilter((text) => (isOne(text) ? undefined : message))
    )
    return Config.map(Config.schema(Text, name), Number)
  }

const port = wholeNumber(1, 65_535)

/**
 * Of an address with a login in it, what may be shown: nothing before the last `@`, and nothing after `?`. A password may have any of the
 * characters that divide an address.
 */
const withoutLogin = (address: string): string =>
  address.replace(/^(\w+:\/\/)?.*@/s, (_all, scheme = "") => `${scheme}…@`).replace(/\?.*/s, "?…")

/** A new object, so that what is declared of it is its own. */
const same = <A>(value: A): A => value

export const Setting = {
  required,
  optional,
  withDefault,
  all,
  from,
  map,
  check,
  fault,
  wholeNumber,
  port,
  withoutLogin
}
