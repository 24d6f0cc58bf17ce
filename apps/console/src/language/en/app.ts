export const app = {
  loading: "Loading",
  skip: "Skip to the page",
  menu: "Menu",
  pages: "Pages",
  page: {
    fleet: "Fleet",
    products: "Products",
    recordings: "Recordings",
    strangers: "Strangers",
    webhooks: "Webhooks",
    sinks: "Sinks",
    cluster: "Cluster",
    access: "Access",
    audit: "Audit",
    docs: "API"
  },
  signOut: "Sign out",
  language: "Language",
  colours: "Colours",
  scheme: { light: "Light", dark: "Dark", auto: "As the system" },
  away: "Roost does not answer. What you see is from before; this page goes on by itself.",
  notFound: "There is no such page",
  toFleet: "To the fleet"
}

export const signIn = {
  title: "Sign in to Roost",
  lead: "The front door for devices that sleep.",
  token: "API token",
  tokenHint: "ROOST_API_TOKEN, with which the registry was started.",
  name: "Name",
  password: "Password",
  byAccount: "Sign in with an account",
  byProvider: (name: string) => `Sign in with ${name}`,
  byToken: "Sign in with the API token",
  submit: "Sign in",
  signingIn: "Signing in",
  linkHint: "npm start prints a link that signs in without the token, once.",
  apiDocs: "Documentation of the API",
  linkRefused: "The link signs nobody in any more",
  tokenRefused: "You are not signed in"
}

export const faults = {
  title: "This could not be read",
  unreachable: "Roost does not answer. It is tried again by itself.",
  again: "Try again"
}

export const copy = { copy: "Copy", copied: "Copied" }

export const status = { online: "Online", offline: "Offline", inactive: "Never came", disabled: "Disabled" }

export const dialog = { cancel: "Cancel", close: "Close", save: "Save", delete: "Delete", done: "Done" }
