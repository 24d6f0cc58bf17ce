import type { SignInCode } from "@roost/contracts"
import { ask } from "./HttpAsk.ts"

/** A link that signs in at the console, once and for ten minutes; where none can be had, why. */
export const signInLink = async (registry: string, apiToken: string): Promise<string> => {
  const { status, text } = await ask("POST", `${registry}/v1/console/codes`, { authorization: `Bearer ${apiToken}` })
  if (status >= 300) return `${registry} (no link: the registry answered ${status}; sign in with the API token)`
  const { code } = JSON.parse(text) as SignInCode
  return `${registry}/sign-in#code=${code}   signs in once, within 10 minutes`
}
