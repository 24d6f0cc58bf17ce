/**
 * The code of a link that signs in, `/sign-in#code=…`. Servers and proxies never see what is behind `#`, and the address forgets it at once:
 * neither the history nor a copied address has it.
 */
export const takeSignInCode = (): string | undefined => {
  const code = new URLSearchParams(location.hash.slice(1)).get("code")
  if (code === null) return undefined
  history.replaceState(history.state, "", location.pathname)
  return code
}
