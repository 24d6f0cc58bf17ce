import type { SignInCode } from "@roost/contracts"

/** A link that signs in at the console, once and for ten minutes; where none can be had, why. */
export const signInLink = async (registry: string, apiToken: string): Promise<string> => {
  const response = await fetch(`${registry}/v1/console/codes`, {
    method: "POST",
    headers: { authorization: `Bearer ${apiToken}` }
  })
  if (!response.ok) return `${registry} (no link: the registry answered ${response.status}; sign in with the API token)`
  const { code } = (await response.json()) as SignInCode
  return `${registry}/sign-in#code=${code}   signs in once, within 10 minutes`
}
