import { applicationPermissions, applicationServices, applicationUser } from "./Applications.ts"
import { inboxPrefixOf, type NatsPermissions, natsUsers } from "./NatsUser.ts"

/** The variable that has a user's password. A password that begins with a letter is read as text by every nats-server. */
export const natsPasswordVariable = (user: string): string =>
  `ROOST_NATS_PASSWORD_${user.toUpperCase().replaceAll("-", "_")}`

/** Sees every server's settings (JSZ), and may do nothing else to Roost's data. */
export const systemUser = "system"

/**
 * `deploy/nats/accounts.conf`. Applications have an account of their own, since permissions alone can't keep a user of
 * JetStream from the subjects of its account (`applicationServices`).
 */
export const renderAccountsConf = (): string => {
  const users = Object.entries(natsUsers).map(([user, { publish, subscribe }]) =>
    userBlock(user, {
      publish,
      subscribe: subscribe.includes(">") ? subscribe : [...subscribe, `${inboxPrefixOf(user)}.>`]
    })
  )
  const exports = applicationServices.map(
    ({ streamed, subject }) =>
      `{ service: ${quote(subject)}, accounts: [APPLICATIONS]${streamed ? ", response_type: stream" : ""} }`
  )
  const imports = applicationServices.map(
    ({ as, subject }) =>
      `{ service: { account: ROOST, subject: ${quote(subject)} }${as === subject ? "" : `, to: ${quote(as)}`} }`
  )
  return `# Made from libs/contracts/src/nats by \`node tools/dev/src/natsAccounts.ts\`; a test compares.
#
# Each app has a user with what it needs and inboxes of its own. Only admin, the privileged step of the registry, makes
# streams. Applications have an account of their own: whoever may create a consumer in the apps' account can have any
# message delivered to the subjects by which the apps are told what to do. They get consumers by asking
# roost.application.consumer, and read by them with the API prefix ROOST.API.
accounts {
  ROOST {
    jetstream: enabled
    users: [
${indent(users, 6)}
    ]
    exports: [
${indent(exports, 6)}
    ]
  }
  APPLICATIONS {
    users: [
${indent([userBlock(applicationUser, applicationPermissions)], 6)}
    ]
    imports: [
${indent(imports, 6)}
    ]
  }
  SYSTEM {
    users: [
      { user: ${systemUser}, password: $${natsPasswordVariable(systemUser)} }
    ]
  }
}
system_account: SYSTEM
`
}

/**
 * One application's own user, for the account APPLICATIONS. With `consumers` it reads by these only; a user of its own hears none of the
 * others' answers either way.
 */
export const renderApplicationUser = (application: string, consumers?: ReadonlyArray<string>): string => {
  const publish =
    consumers === undefined
      ? applicationPermissions.publish
      : applicationPermissions.publish.flatMap((subject) => ofConsumers(subject, consumers))
  return userBlock(application, {
    publish,
    ...(consumers === undefined && { publishNot: applicationPermissions.publishNot ?? [] }),
    subscribe: [`${inboxPrefixOf(application)}.>`]
  })
}

/** Subjects of consumers end in the consumer's name, those of acknowledgements go on behind it. */
const ofConsumers = (subject: string, consumers: ReadonlyArray<string>): ReadonlyArray<string> => {
  if (subject.startsWith("$JS.ACK.")) return consumers.map((consumer) => subject.replace(/>$/, `${consumer}.>`))
  return subject.endsWith(".*") ? consumers.map((consumer) => subject.replace(/\*$/, consumer)) : [subject]
}

const userBlock = (user: string, { publish, publishNot, subscribe }: NatsPermissions): string => {
  const login = `user: ${user}, password: $${natsPasswordVariable(user)}`
  if (publish.includes(">")) return `{ ${login} }`
  return `{
  ${login}
  permissions: {
    publish: {
      allow: [
${indent([...new Set(publish)].map(quote), 8)}
      ]
${publishNot === undefined ? "" : `      deny: [\n${indent(publishNot.map(quote), 8)}\n      ]\n`}    }
    subscribe: [
${indent([...new Set(subscribe)].map(quote), 6)}
    ]
  }
}`
}

const quote = (subject: string): string => JSON.stringify(subject)

const indent = (blocks: ReadonlyArray<string>, columns: number): string =>
  blocks
    .flatMap((block) => block.split("\n"))
    .map((line) => " ".repeat(columns) + line)
    .join("\n")
